// A pressed button says what is going on, keeps its width, and cannot be pressed again.
Unlatch.busy = (() => {
  const resting = new Map();

  const start = (button) => {
    if (!button || resting.has(button)) return;
    const label = button.querySelector("[data-label]");
    resting.set(button, [...(label?.childNodes ?? [])]);
    // The window may become narrower meanwhile.
    button.style.minWidth = `min(100%, ${button.offsetWidth}px)`;
    button.setAttribute("aria-busy", "true");
    if (button.dataset.busy) label?.replaceChildren(button.dataset.busy);
  };

  const stop = (button) => {
    if (!resting.has(button)) return;
    button.querySelector("[data-label]")?.replaceChildren(...resting.get(button));
    button.removeAttribute("aria-busy");
    button.style.minWidth = "";
    resting.delete(button);
  };

  // Enter in a field presses its form's button, so that this sees it too.
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("#unlatch :is([aria-busy=true], [aria-disabled=true])")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  document.addEventListener("submit", ({ target, submitter }) => {
    if (target.closest("#unlatch")) start(submitter);
  });

  document.addEventListener("htmx:finally:request", ({ detail }) => {
    if (!detail.ctx.keepIndicators) stop(detail.ctx.request.submitter);
  });

  // Back to a page that the browser kept as it was.
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) [...resting.keys()].forEach(stop);
  });

  return { start, stop };
})();
