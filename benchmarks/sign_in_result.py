"""What came of it, in figures. Times are in seconds, as everywhere where no unit stands."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

from scaling_crowd import Pace

CLIENTS = (1, 4)


@dataclass(frozen=True)
class Spread:
    """Of one figure, over all rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: Iterable[float]) -> "Spread":
        found = list(figures)
        return cls(median(found), min(found), max(found))


@dataclass(frozen=True)
class Round:
    """Attributes:
    paces: By the site, and by how many clients there were.
    floor: Of a processor, for one raw verification of a P-256 signature.
    others: Processors that were busy with none of it.
    """

    paces: dict[str, dict[int, Pace]]
    floor: float
    others: float


@dataclass(frozen=True)
class Ratios:
    """Of one site to another, both of the same round."""

    cost: Spread
    per_second: Spread
    p50: Spread
    p99: Spread


@dataclass(frozen=True)
class Result:
    """Of one store.

    Attributes:
        how: Each site was run.
        ratios: Of each other site to the one that all are compared with, by how many clients there
            were.
        floors: How many raw verifications a sign-in at ours costs, by the same.
        replayed: Which site let an answer of a passkey without a counter in a second time.
    """

    store: str
    how: dict[str, str]
    rounds: list[Round]
    ratios: dict[str, dict[int, Ratios]]
    floors: dict[int, Spread]
    replayed: dict[str, bool]


def floors(rounds: list[Round], one: str) -> dict[int, Spread]:
    return {
        clients: Spread.of(each.paces[one][clients].cost / each.floor for each in rounds)
        for clients in CLIENTS
    }


def ratios(rounds: list[Round], to: str) -> dict[str, dict[int, Ratios]]:
    """Nothing where that one was left out."""
    sites = list(rounds[0].paces)
    if to not in sites:
        return {}
    return {
        one: {clients: _ratios(rounds, one, to, clients) for clients in CLIENTS}
        for one in sites
        if one != to
    }


def _ratios(rounds: list[Round], one: str, to: str, clients: int) -> Ratios:
    def spread(of: Callable[[Pace], float]) -> Spread:
        return Spread.of(
            of(each.paces[one][clients]) / of(each.paces[to][clients]) for each in rounds
        )

    return Ratios(
        cost=spread(lambda pace: pace.cost),
        per_second=spread(lambda pace: pace.per_second),
        p50=spread(lambda pace: pace.p50),
        p99=spread(lambda pace: pace.p99),
    )
