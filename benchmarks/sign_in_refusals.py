"""Whoever must not get in, at the very site that is measured: what is quick because it does not
look must not count.
"""

from collections.abc import Callable
from dataclasses import replace

from scaling_browser import answer
from sign_in_visits import Begun, Visit

from unlatch.testing.keys import ES256, make_key


def check(name: str, synced: Callable[[], Visit], counting: Callable[[], Visit]) -> bool:
    """Try to get in without a right to.

    Args:
        name: Of the site.
        synced: Gives a visit of somebody whose passkey has no signature counter.
        counting: The same with a counter, of somebody who comes for nothing else.

    Returns:
        Whether an answer of a passkey without a counter was let in a second time. One with a
        counter must not be, anywhere.

    Raises:
        SystemExit: Somebody was let in.
    """
    if synced().who() is not None:
        raise SystemExit(f"{name} shows its protected page to anybody")
    if _forged(synced()):
        raise SystemExit(f"{name} lets in whose signature is another key's")
    if _replayed(counting(), counts=True):
        raise SystemExit(f"{name} lets in who repeats an answer that was accepted")
    return _replayed(synced(), counts=False)


def _forged(visit: Visit) -> bool:
    visit.arrive()
    begun = visit.begin()
    wrong = replace(visit.person.key, private_key=make_key(ES256))
    return _lets_in(visit, begun, answer(wrong, begun.options))


def _replayed(visit: Visit, *, counts: bool) -> bool:
    visit.arrive()
    begun = visit.begin()
    answered = answer(visit.person.key, begun.options, counts=counts)
    thief = visit.twin()
    if not _lets_in(visit, begun, answered):
        raise SystemExit(f"{begun.path} does not let in {visit.person.name}, who is honest")
    return _lets_in(thief, begun, answered)


def _lets_in(visit: Visit, begun: Begun, answered: dict[str, object]) -> bool:
    visit.finish(begun, answered)
    return visit.who() is not None
