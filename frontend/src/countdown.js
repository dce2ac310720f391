// "Send it again" waits its time and says how long. The server counts too.
(() => {
  const ends = new WeakMap();

  const tick = () => {
    for (const button of document.querySelectorAll("#unlatch [data-wait]")) {
      if (!ends.has(button)) ends.set(button, Date.now() + button.dataset.wait * 1000);
      const left = Math.ceil((ends.get(button) - Date.now()) / 1000);
      const shown = button.form.querySelector("[data-left]");
      shown.hidden = left <= 0;
      if (left > 0) {
        button.setAttribute("aria-disabled", "true");
        shown.querySelector("[data-clock]").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      } else {
        button.removeAttribute("aria-disabled");
        delete button.dataset.wait;
      }
    }
  };

  Unlatch.onCard(tick);
  setInterval(tick, 1000);
})();
