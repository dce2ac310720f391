// The mailed code: any case, with spaces or dashes, shown in two groups of four.
(() => {
  const letters = (text) => text.toUpperCase().replace(/[^A-Z0-9]/g, "");

  document.addEventListener("input", ({ target, isComposing }) => {
    if (isComposing || !target.matches?.("#unlatch [data-code]")) return;
    const before = letters(target.value.slice(0, target.selectionStart)).length;
    const code = letters(target.value).slice(0, 8);
    target.value = code.length > 4 ? `${code.slice(0, 4)}-${code.slice(4)}` : code;
    const caret = Math.min(before > 4 ? before + 1 : before, target.value.length);
    target.setSelectionRange(caret, caret);
  });
})();
