// The one global of ours: each file adds its part to it. All of it listens on the document,
// so that what htmx swaps in works without being set up.
globalThis.Unlatch = {
  card: () => document.getElementById("unlatch-card"),

  /** Runs now and after every swap of the card: for what must look at the page. */
  onCard(look) {
    look();
    document.addEventListener("htmx:after:swap", ({ detail }) => {
      if (detail.ctx.target?.id === "unlatch-card") look();
    });
  },

  /** Leaves for a path of our own, whatever an answer says. */
  go(next) {
    const url = new URL(next || "/", location.href);
    location.assign(url.origin === location.origin ? url.href : "/");
  },

  /** Posts JSON and gives the answer, or throws a Trouble. */
  async post(url, body = {}) {
    let answer, facts;
    try {
      answer = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
      });
      facts = await answer.json().catch(() => ({}));
    } catch {
      throw new Unlatch.Trouble(navigator.onLine ? "network" : "offline");
    }
    if (!answer.ok) throw new Unlatch.Trouble(facts.error ?? "failed", { ...facts, status: answer.status });
    return facts;
  },

  /** What went wrong, by a name that the page has words for. */
  Trouble: class extends Error {
    constructor(kind, facts = {}) {
      super(facts.message ?? "");
      Object.assign(this, { kind, facts });
    }
  },
};
