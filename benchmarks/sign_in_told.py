"""What came of it, for a person to read."""

from collections.abc import Iterator

from scaling_crowd import Pace
from sign_in_result import CLIENTS, Ratios, Result, Spread

WIDTH = 20

_NAMED = 35
"""Characters before the figures: who, and with how many clients."""


def lines(result: Result) -> Iterator[str]:
    how = ", ".join(f"{name}: {size}" for name, size in result.how.items())
    yield f"\n{result.store}, {len(result.rounds)} rounds ({how})\n"
    yield f"{'':{_NAMED}}{heads()}"
    for clients in CLIENTS:
        yield from _compared(result, clients)
    for clients, many in result.floors.items():
        floor = Spread.of(one.floor * 1000 for one in result.rounds)
        yield f"{_at(clients)}: {spread(many, 1)} raw verifications of {spread(floor, 3)} ms"
    for name, again in result.replayed.items():
        said = "let in a second time" if again else "refused"
        yield f"{name}: an answer of a passkey without a counter, sent again: {said}"
    others = Spread.of(one.others for one in result.rounds)
    yield f"others kept so many processors busy: {spread(others, 2)}"


def _compared(result: Result, clients: int) -> Iterator[str]:
    for name in result.rounds[0].paces:
        paces = [one.paces[name][clients] for one in result.rounds]
        yield f"{_at(clients):11}{name:{_NAMED - 11}}{figures(paces)}"
    for name, ratios in result.ratios.items():
        yield f"{'':11}{f'ratio of {name}':{_NAMED - 11}}{_ratios(ratios[clients])}"
    for name in result.rounds[0].paces:
        yield f"{'':11}{parts(name, [one.paces[name][clients] for one in result.rounds])}"


def _at(clients: int) -> str:
    return f"{clients} client{'s' * (clients > 1)}"


def heads() -> str:
    return "".join(f"{head:>{WIDTH}}" for head in ("processor ms", "a second", "p50 ms", "p99 ms"))


def figures(paces: list[Pace]) -> str:
    """What stands below `heads`."""
    of = (
        (2, Spread.of(one.cost * 1000 for one in paces)),
        (0, Spread.of(one.per_second for one in paces)),
        (1, Spread.of(one.p50 * 1000 for one in paces)),
        (1, Spread.of(one.p99 * 1000 for one in paces)),
    )
    return "".join(f"{spread(one, digits):>{WIDTH}}" for digits, one in of)


def parts(name: str, paces: list[Pace]) -> str:
    """Who used the processor, by medians."""
    of = Pace.median_of(paces).processor
    return f"{name}, processor ms: " + ", ".join(f"{one} {of[one] * 1000:.2f}" for one in of)


def _ratios(of: Ratios) -> str:
    each = (of.cost, of.per_second, of.p50, of.p99)
    return "".join(f"{spread(one, 3):>{WIDTH}}" for one in each)


def spread(of: Spread, digits: int) -> str:
    return f"{of.median:.{digits}f} ({of.least:.{digits}f}-{of.most:.{digits}f})"
