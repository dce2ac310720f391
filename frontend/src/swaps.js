// How htmx behaves here.
(() => {
  // Going back loads the page anew: a fragment from before may be stale, and a ceremony is.
  htmx.config.history = "reload";

  // On a host's page everything but our part is the host's.
  const { process } = htmx;
  htmx.process = (root, force) =>
    process.call(htmx, root === document.body ? document.getElementById("unlatch") ?? root : root, force);

  // htmx swaps in refusals as well (4xx, 5xx): they are our fragments. What is not one is
  // the host's page after a redirect, to go to, or a proxy's error page, not to show.
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx, tasks } = event.detail;
    if (ctx.target?.id !== "unlatch-card" || ctx.swap === "none") return;
    const main = tasks.find(({ type }) => type === "main");
    const card = main?.fragment.querySelector("#unlatch-card");
    if (card) return main.fragment.replaceChildren(card);
    event.preventDefault();
    const { raw } = ctx.response;
    if (raw.ok && (raw.redirected || ctx.request.method === "GET")) location.assign(raw.url);
    else Unlatch.trouble.show(new Unlatch.Trouble("failed"));
  });

  const refreshes = ({ target }) => target instanceof Element && target.closest("[data-refresh]");

  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx && !refreshes(event))
      Unlatch.trouble.show(new Unlatch.Trouble(navigator.onLine ? "network" : "offline"));
  });

  // A list that refreshes itself rests while nobody looks.
  document.addEventListener("htmx:before:request", (event) => {
    if (document.hidden && refreshes(event)) event.preventDefault();
  });
})();
