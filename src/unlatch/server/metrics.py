"""What a process counts, for Prometheus.

Every label has a closed set of values, and every series is there from the start: no address, name
or path of a visitor's can become one, and none can make there be more of them.
"""

import time
from collections.abc import Iterator

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from unlatch.flask import words
from unlatch.flask.memory import memory
from unlatch.flask.sender import OUTCOMES, PURPOSES
from unlatch.flask.state import State
from unlatch.server.readiness import PARTS, Readiness, watch_of

SIGN_INS = {
    "make_account": "registration",
    "sign_in_with_passkey": "passkey",
    "spend_link": "link",
    "spend_code": "code",
}
"""Endpoints that let somebody in, and by which method."""

OTHER = "other"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds."""

_BEGAN = "unlatch.began"


class Metrics:
    """Args:
    endpoints: Of the app, without their blueprints.
    """

    def __init__(self, registry: CollectorRegistry, endpoints: Iterator[str]) -> None:
        methods, ends = sorted(SIGN_INS.values()), ("done", "refused", "failed")
        sign_ins = Counter(
            "unlatch_sign_ins",
            "Answers to somebody who showed what should let them in.",
            ("method", "outcome"),
            registry=registry,
        )
        self._sign_ins = {(how, end): sign_ins.labels(how, end) for how in methods for end in ends}
        refusals = Counter("unlatch_refusals", "Refusals.", ("reason",), registry=registry)
        self._refusals = {one: refusals.labels(one) for one in words.REASONS}
        mails = Counter(
            "unlatch_mails", "Mails worked on.", ("purpose", "outcome"), registry=registry
        )
        self._mails = {(p, o): mails.labels(p, o) for p in PURPOSES for o in OUTCOMES}
        seconds = Histogram(
            "unlatch_request_seconds",
            "From the app's first look at a request to its answer.",
            ("endpoint",),
            buckets=BUCKETS,
            registry=registry,
        )
        self._seconds = {one: seconds.labels(one) for one in {*endpoints, OTHER}}
        self._stands = _Stands(registry)

    def answered(self, endpoint: str, status: int, seconds: float) -> None:
        """A request of the app's, of which `memory` still knows."""
        known = memory()
        self._seconds.get(endpoint, self._seconds[OTHER]).observe(seconds)
        if known.refused is not None:
            self._refusals[known.refused].inc()
        if endpoint in SIGN_INS:
            end = "done" if known.let_in else "failed" if status >= 500 else "refused"
            self._sign_ins[SIGN_INS[endpoint], end].inc()

    def mail(self, purpose: str, outcome: str) -> None:
        """A mail was worked on."""
        self._mails[purpose, outcome].inc()

    def looked(self, found: Readiness) -> None:
        """Somebody looked how the site stands."""
        self._stands.set(found)


class _Stands:
    """How the site stood when one of its processes last looked: `mostrecent` of them all."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, says: str, *labels: str) -> Gauge:
            return Gauge(name, says, labels, registry=registry, multiprocess_mode="mostrecent")

        degraded = gauge("unlatch_degraded", "1 for a part that is not as it should be.", "part")
        self._degraded = {part: degraded.labels(part) for part in PARTS}
        self._outbox = gauge(
            "unlatch_outbox_age_seconds", "How long the oldest mail has waited that should leave."
        )
        self._skew = gauge(
            "unlatch_clock_skew_seconds", "How far the database's clock is ahead of this one's."
        )

    def set(self, found: Readiness) -> None:
        degraded = found.degraded
        for part, one in self._degraded.items():
            one.set(part in degraded)
        if found.measured is not None:
            self._outbox.set(found.measured.outbox_age)
            self._skew.set(found.measured.clock_skew)


def add_metrics(app: Flask, registry: CollectorRegistry) -> None:
    """Have an app counted. Once its blueprints are on it."""
    metrics = Metrics(registry, (_without_blueprint(one) for one in app.view_functions))
    state: State = app.extensions["unlatch"]
    state.sender.watch = metrics.mail
    watch_of(app).told = metrics.looked

    def begin() -> None:
        request.environ[_BEGAN] = time.perf_counter()

    def end(response: Response) -> Response:
        seconds = time.perf_counter() - request.environ[_BEGAN]
        metrics.answered(_without_blueprint(request.endpoint or ""), response.status_code, seconds)
        return response

    app.before_request(begin)
    app.after_request(end)


def _without_blueprint(endpoint: str) -> str:
    return endpoint.rpartition(".")[2]
