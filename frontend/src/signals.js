// Tells the device which passkeys are good here, so that it stops offering the others.
Unlatch.signals = (() => {
  const signal = async (name, facts) => {
    try {
      await PublicKeyCredential[name](facts);
      return true;
    } catch {
      // Not in this browser, or not allowed: nothing is lost.
      return false;
    }
  };

  Unlatch.onCard(() => {
    const list = Unlatch.card().querySelector("[data-accepted]");
    if (!list) return;
    const { rp_id, user_id, credential_ids } = JSON.parse(list.dataset.accepted);
    signal("signalAllAcceptedCredentials", { rpId: rp_id, userId: user_id, allAcceptedCredentialIds: credential_ids });
  });

  return { unknown: (rpId, credentialId) => signal("signalUnknownCredential", { rpId, credentialId }) };
})();
