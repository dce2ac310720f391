// "Copy", in the development mailbox.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("#unlatch [data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.querySelector("[data-label]");
  const before = label.textContent;
  if (before === button.dataset.copied) return;
  label.textContent = button.dataset.copied;
  setTimeout(() => label.replaceChildren(before), 2000);
});
