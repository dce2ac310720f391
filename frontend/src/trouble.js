// Names what failed and says it in the page's words (<template data-trouble="…">).
Unlatch.trouble = (() => {
  const names = {
    // what the browser says
    // Pressed away, timed out, or nothing there: it never tells which.
    NotAllowedError: "cancelled",
    UnknownError: "cancelled",
    InvalidStateError: "exists",
    ConstraintError: "pin",
    NotSupportedError: "unsupported",
    SecurityError: "address",
    // what the site says
    passkey_refused: "refused",
    passkey_exists: "exists",
    ceremony_gone: "gone",
    unavailable: "failed",
  };

  const nameOf = (error) => {
    if (error instanceof Unlatch.Trouble) return names[error.kind] ?? error.kind;
    if (typeof PublicKeyCredential !== "function") return "unsupported";
    return names[error.name] ?? "failed";
  };

  const wordsFor = (name) => document.querySelector(`#unlatch-card template[data-trouble="${name}"], #unlatch template[data-trouble="${name}"]`)?.content;

  const clear = () => Unlatch.card().querySelector(".unlatch-trouble")?.remove();

  /** Shows it under the heading and puts focus on what to do next. */
  const show = (error, next) => {
    if (error.name === "AbortError") return;
    clear();
    const place = document.querySelector("#unlatch template[data-trouble-place]").content.cloneNode(true);
    const words = wordsFor(nameOf(error)) ?? (error.facts?.message || wordsFor("failed"));
    place.querySelector("p").replaceChildren(words.cloneNode?.(true) ?? words);
    const alert = place.querySelector("[role=alert]");
    Unlatch.card().querySelector("h1").after(place);
    (next ?? alert).focus();
  };

  return { show, clear };
})();
