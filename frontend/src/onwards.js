// A page with nothing to do on it goes on by itself, unless somebody moved on its button.
Unlatch.onCard(() => {
  const link = Unlatch.card().querySelector("[data-onwards]");
  if (!link) return;
  setTimeout(() => {
    if (link.isConnected && [link, document.body].includes(document.activeElement)) location.assign(link.href);
  }, link.dataset.onwards * 1000);
});
