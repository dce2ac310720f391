// Where focus goes in a new card: to what is wrong, else to what is to be done, else to the heading.
(() => {
  const first = (...choices) => choices.map((choice) => Unlatch.card().querySelector(choice)).find(Boolean);

  document.addEventListener("htmx:after:swap", ({ detail }) => {
    if (detail.ctx.target?.id !== "unlatch-card") return;
    first("[aria-invalid=true]", "[role=alert]", "[autofocus]:not([hidden])", "h1")?.focus();
    if (Unlatch.card().getBoundingClientRect().top < 0) Unlatch.card().scrollIntoView();
  });

  // The browser itself passes over what was still hidden.
  const begin = first("[aria-invalid=true]", "[role=alert]", "[autofocus]:not([hidden])");
  if (!begin?.contains(document.activeElement)) begin?.focus();
})();
