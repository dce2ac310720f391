// Shows what needs a script, or passkeys, and is rendered hidden for browsers without.
(() => {
  const has = { script: true, passkeys: typeof PublicKeyCredential === "function" };

  const reveal = (root) => {
    for (const part of root.querySelectorAll("[data-needs]")) if (has[part.dataset.needs]) part.hidden = false;
    for (const part of root.querySelectorAll("[data-without]")) if (!has[part.dataset.without]) part.hidden = false;
  };

  reveal(document);
  document.addEventListener("htmx:before:swap", ({ detail }) => detail.tasks.forEach(({ fragment }) => reveal(fragment)));
})();
