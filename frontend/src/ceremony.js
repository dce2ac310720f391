// One request to the device at a time: abort the one before, wait until it has let go, begin.
Unlatch.ceremony = (() => {
  const { startAuthentication, startRegistration, WebAuthnAbortService } = SimpleWebAuthnBrowser;
  const pause = (time) => new Promise((done) => setTimeout(done, time));
  let turn = 0;
  let pending = null;

  const cancel = async () => {
    turn += 1;
    // More than once: a request that is only about to begin cannot be aborted yet.
    for (let tries = 0; pending && tries < 40; tries += 1) {
      WebAuthnAbortService.cancelCeremony();
      await Promise.race([pending, pause(50)]);
    }
  };

  const alone = async (begin) => {
    const leaving = cancel();
    const mine = turn;
    await leaving;
    if (mine !== turn) throw new DOMException("Another one began.", "AbortError");
    const request = begin();
    const settled = request.then(() => {}, () => {}).then(() => {
      if (pending === settled) pending = null;
    });
    pending = settled;
    const answer = await request;
    // A secret of the device's, not for us.
    delete answer.clientExtensionResults?.prf;
    return answer;
  };

  return {
    cancel,
    get: (optionsJSON) => alone(() => startAuthentication({ optionsJSON })),
    await: (optionsJSON) => alone(() => startAuthentication({ optionsJSON, useBrowserAutofill: true })),
    create: (optionsJSON) => alone(() => startRegistration({ optionsJSON })),
  };
})();
