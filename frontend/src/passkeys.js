// The passkey buttons: sign in, create one, show that it is still you.
Unlatch.passkeys = (() => {
  const { post, go, ceremony, signals, trouble, busy, Trouble } = Unlatch;
  // Ours, whatever a host's page loads later.
  const ours = htmx;

  // Options, the device, the site. When it took too long it begins anew by itself, once.
  const exchange = async ({ options, finish, body, ask, refused }) => {
    for (let last = false; ; last = true) {
      const { publicKey } = await post(options, body);
      const answer = await ask(publicKey);
      try {
        return await post(finish, answer);
      } catch (error) {
        const named = await refused(error, answer, publicKey);
        if (last || error.kind !== "ceremony_gone") throw named;
      }
    }
  };

  const notKnown = async (error, { id }, { rpId }) => {
    if (!error.facts?.unknown_passkey) return error;
    await signals.unknown(rpId, id);
    return new Trouble("unknown");
  };

  // The device has made a passkey that the site did not take: it must not be offered later.
  const notTaken = async (error, { id }, { rp }) => {
    const { status = 0 } = error.facts;
    if (status < 400 || status > 499 || error.kind === "passkey_exists") return error;
    const removed = await signals.unknown(rp.id, id);
    return error.kind === "passkey_refused" ? new Trouble(removed ? "removed" : "orphaned") : error;
  };

  const prove = async ({ dataset }) => {
    const { options, finish, identifier } = dataset;
    const body = "remembered" in dataset ? { remembered: true } : identifier ? { identifier } : {};
    go((await exchange({ options, finish, body, ask: ceremony.get, refused: notKnown })).next);
  };

  const create = async (button) => {
    const { options, finish } = button.dataset;
    const { next } = await exchange({ options, finish, ask: ceremony.create, refused: notTaken });
    await ours.ajax("GET", next, { target: "#unlatch-card", swap: "outerHTML", push: "true" });
    if (button.isConnected) go(next);
  };

  /** Does what the button is for; `act` is what to do in its name. */
  const press = async (button, act) => {
    busy.start(button);
    trouble.clear();
    try {
      await act(button);
    } catch (error) {
      busy.stop(button);
      // Sign in first, or show that it is still you.
      if (error.facts?.next) return go(error.facts.next);
      if (error.name !== "AbortError") button.querySelector("[data-label]").textContent = button.dataset.again;
      trouble.show(error, Unlatch.card().querySelector("[data-instead]") ?? button);
      Unlatch.autofill.begin();
    }
  };

  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-passkey]");
    if (button) press(button, button.dataset.passkey === "create" ? create : prove);
  });

  return { press, prove, notKnown };
})();
