"""Sites that are compared: in turns, so that what else the machine does weighs on each alike."""

import sys
import time

from scaling_crowd import Pace
from scaling_processes import busy_seconds
from sign_in_floor import raw_verification
from sign_in_pace import Contestant
from sign_in_result import CLIENTS, Result, Round, floors, ratios

_VERIFIED = 2000


def compare(
    store: str, sites: list[Contestant], rounds: int, sign_ins: int, *, one: str, to: str
) -> Result:
    """Args:
        sign_ins: At each site, in each turn.
        one: The name of ours.
        to: Of the site that all are compared with.

    Raises:
        SystemExit: Somebody was let in who must not be.
    """
    found = []
    for number in range(rounds):
        replayed = {site.name: site.check_refusals() for site in sites}
        if replayed[one]:
            raise SystemExit(f"{one} lets in who repeats an answer that was accepted")
        found.append(_one_round(sites, sign_ins))
        progress(f"{store}: round {number + 1} of {rounds}")
    return Result(
        store=store,
        how={site.name: site.how for site in sites},
        rounds=found,
        ratios=ratios(found, to),
        floors=floors(found, one),
        replayed=replayed,
    )


def _one_round(sites: list[Contestant], sign_ins: int) -> Round:
    paces: dict[str, dict[int, Pace]] = {one.name: {} for one in sites}
    began, others = time.perf_counter(), _used_by_others(sites)
    for clients in CLIENTS:
        for one in sites:
            paces[one.name][clients] = one.measure(sign_ins, clients)
    floor = _verification()
    others = _used_by_others(sites) - others
    return Round(paces, floor, others / (time.perf_counter() - began))


def _used_by_others(sites: list[Contestant]) -> float:
    """Seconds of a processor, so far."""
    used = sum(sum(one.processor.seconds().values()) for one in sites)
    return busy_seconds() - used - time.process_time()


def _verification() -> float:
    """What the floor costs: one."""
    verify = raw_verification()
    began = time.process_time()
    for _ in range(_VERIFIED):
        verify()
    return (time.process_time() - began) / _VERIFIED


def progress(said: str) -> None:
    print(said, file=sys.stderr, flush=True)
