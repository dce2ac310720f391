// Passkeys offered in the field itself. The first options travel in the page; they are
// renewed before they grow old, and nothing waits in a page that nobody looks at.
Unlatch.autofill = (() => {
  const { post, ceremony, passkeys } = Unlatch;
  const RENEW = 4 * 60_000;
  // Choosing a passkey may open another app over the page.
  const GRACE = 20_000;
  let renewal, rest;

  const field = () => Unlatch.card().querySelector("[data-autofill]");
  const button = () => Unlatch.card().querySelector("[data-passkey]");

  const begin = async () => {
    clearTimeout(renewal);
    const input = field();
    if (!input || document.hidden || !(await SimpleWebAuthnBrowser.browserSupportsWebAuthnAutofill())) return;
    try {
      const first = input.dataset.autofill;
      input.dataset.autofill = "";
      const publicKey = first ? JSON.parse(first) : (await post(button().dataset.options)).publicKey;
      renewal = setTimeout(begin, RENEW);
      const answer = await ceremony.await(publicKey);
      clearTimeout(renewal);
      passkeys.press(button(), (pressed) => finish(pressed, answer, publicKey));
    } catch {
      // Nothing to offer, or something newer began: the field is a plain field then.
    }
  };

  const finish = async (pressed, answer, publicKey) => {
    try {
      Unlatch.go((await post(pressed.dataset.finish, answer)).next);
    } catch (error) {
      if (error.kind !== "ceremony_gone") throw await passkeys.notKnown(error, answer, publicKey);
      await passkeys.prove(pressed);
    }
  };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(rest);
    if (!field()) return;
    if (document.hidden) rest = setTimeout(ceremony.cancel, GRACE);
    else if (!button()?.matches("[aria-busy=true]")) begin();
  });

  Unlatch.onCard(() => {
    if (field()) return begin();
    // What waits in a field that is gone would keep the device from the next.
    clearTimeout(renewal);
    ceremony.cancel();
  });

  return { begin };
})();
