"""Sign-ins that a ledger should not have: refused, where nothing speaks against them."""

from faults.ledger import Entry, Ledger

SIGN_INS = ("sign_in", "sign_in_by_code")


def turned_away(ledger: Ledger) -> list[str]:
    """A sentence for everybody who had a passkey, or the code of their mail, and was refused."""
    return [
        f"{entry.who}: {entry.deed} {entry.facts} was answered {entry.status}"
        for who in sorted(ledger.people())
        for entry, before in _refused(ledger.of(who))
        if not _was_sent_before(entry, before) and _is_good(entry, before)
    ]


def _refused(entries: list[Entry]) -> list[tuple[Entry, list[Entry]]]:
    """Each, and what the same person asked for before."""
    return [
        (entry, entries[:place])
        for place, entry in enumerate(entries)
        if entry.deed in SIGN_INS and entry.status and not entry.is_acknowledged
    ]


def _was_sent_before(entry: Entry, before: list[Entry]) -> bool:
    """It may be spent."""
    return any(one.once == entry.once and one.outcome.may_be_done for one in before)


def _is_good(entry: Entry, before: list[Entry]) -> bool:
    """A code is; a passkey, if it was added for certain, and certainly not removed."""
    if entry.deed == "sign_in_by_code":
        return True
    added = [
        one.told["passkey"]
        for one in before
        if one.deed == "add_passkey"
        and one.is_acknowledged
        and one.facts["key"] == entry.facts["key"]
    ]
    removed = [
        one.facts["passkey"] for one in before if one.deed == "remove" and one.outcome.may_be_done
    ]
    return bool(added) and added[0] not in removed
