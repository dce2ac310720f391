// Toasts leave by themselves, unless somebody is at them, and can be sent away.
(() => {
  const STAYS = { error: 12_000 };
  const timed = new WeakSet();

  const leave = (toast) => {
    if (toast.contains(document.activeElement)) Unlatch.card().querySelector("h1").focus();
    toast.classList.add("unlatch-leaving");
    setTimeout(() => toast.remove(), 180);
  };

  const leaveUnlessWatched = (toast) => {
    if (document.hidden || toast.matches(":hover, :focus-within")) setTimeout(leaveUnlessWatched, 2000, toast);
    else leave(toast);
  };

  document.addEventListener("click", ({ target }) => {
    if (target.closest?.("[data-dismiss]")) leave(target.closest("[data-toast]"));
  });

  Unlatch.onCard(() => {
    for (const toast of document.querySelectorAll("#unlatch [data-toast]")) {
      if (timed.has(toast)) continue;
      timed.add(toast);
      setTimeout(leaveUnlessWatched, STAYS[toast.dataset.toast] ?? 6000, toast);
      // What stood in the page from the start is read aloud only when it changes.
      const words = toast.querySelector("p");
      setTimeout(() => words.replaceChildren(words.textContent), 200);
    }
  });
})();
