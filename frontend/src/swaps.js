// How htmx behaves here.
(() => {
  // Going back loads the page anew: a fragment from before may be stale, and a ceremony is.
  htmx.config.history = "reload";
  // No waiting between swap and settling: nothing here moves by old and new styles.
  htmx.config.defaultSettleDelay = 0;

  // On a host's page everything but our part is the host's.
  const { process } = htmx;
  htmx.process = (root, force) =>
    process.call(htmx, root === document.body ? document.getElementById("unlatch") ?? root : root, force);

  // It would wait a moment by itself, in which a press or "back" would find nobody listening.
  htmx.initialize();

  const refreshes = ({ target }) => target instanceof Element && target.closest("[data-refresh]");

  // What somebody opened in a list stays open when the list refreshes itself.
  const keepOpen = (from, to) => {
    for (const { id } of from.querySelectorAll("details[open]")) to.querySelector(`[id="${id}"]`)?.setAttribute("open", "");
  };

  // htmx swaps in refusals as well (4xx, 5xx): they are our fragments. What is not one is
  // the host's page after a redirect, to go to, or a proxy's error page, not to show.
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx, tasks } = event.detail;
    const wanted = ctx.select ?? (ctx.target?.id === "unlatch-card" && "#unlatch-card");
    if (!wanted || ctx.swap === "none" || !ctx.target.closest("#unlatch")) return;
    const main = tasks.find(({ type }) => type === "main");
    const part = main?.fragment.querySelector(wanted);
    if (part) {
      if (refreshes(event)) keepOpen(ctx.target, part);
      return main.fragment.replaceChildren(part);
    }
    event.preventDefault();
    const { raw } = ctx.response;
    if (refreshes(event)) return;
    if (raw.ok && (raw.redirected || ctx.request.method === "GET")) location.assign(raw.url);
    else Unlatch.trouble.show(new Unlatch.Trouble("failed"));
  });

  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx && !refreshes(event))
      Unlatch.trouble.show(new Unlatch.Trouble(navigator.onLine ? "network" : "offline"));
  });

  // A list that refreshes itself rests while nobody looks.
  document.addEventListener("htmx:before:request", (event) => {
    if (document.hidden && refreshes(event)) event.preventDefault();
  });
})();
