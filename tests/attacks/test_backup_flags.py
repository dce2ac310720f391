"""A passkey that says it can be copied when it could not, or has been when it cannot be: no honest
device does, so the key may be in other hands.
"""

import pytest
from ceremonies import ACCEPTED, REFUSED, additions, proofs, sign_ins

from unlatch.testing import SoftAuthenticator


def test_backed_up_without_being_eligible_is_refused(mira, kept):
    impossible = {"impossible": {"backup_eligible": False, "backed_up": True}}

    assert additions(mira, impossible) == {"impossible": REFUSED}
    assert sign_ins(mira, impossible) == {"impossible": REFUSED}
    assert len(kept.passkeys()) == 1


@pytest.mark.parametrize("attempt", [sign_ins, proofs])
@pytest.mark.parametrize("eligible", [True, False])
def test_another_eligibility_is_refused_and_recorded(come_from, kept, eligible, attempt):
    key = SoftAuthenticator(
        origin="https://acme.example", backup_eligible=eligible, backed_up=False
    )
    mira = come_from("127.5.0.1", key=key)
    mira.register()
    mira.add_passkey()
    (passkey,) = kept.passkeys()

    changed = {"changed": {"backup_eligible": not eligible, "backed_up": False}}

    assert attempt(mira, changed) == {"changed": REFUSED}
    event = kept.events()[-1]
    assert (event.kind, event.facts) == ("backup_eligibility_changed", {"passkey": passkey.id})
    assert kept.passkeys() == [passkey]
    assert attempt(mira, {"as it was": {}}) == {"as it was": ACCEPTED}  # nobody is locked out


def test_a_wrong_signature_records_nothing(mira, kept):
    """Only the device itself speaks against itself; a stranger fills no list of events."""
    before = kept.kinds()
    forged = {
        "forged": {
            "backup_eligible": False,
            "backed_up": False,
            "tamper": lambda answer: answer["response"].update(signature="AAAA"),
        }
    }

    assert sign_ins(mira, forged) == {"forged": REFUSED}
    assert kept.kinds() == before


def test_whether_it_was_copied_is_noted_at_each_use(mira, kept):
    assert [one.backed_up for one in kept.passkeys()] == [True]

    assert sign_ins(mira, {"no longer": {"backed_up": False}}) == {"no longer": ACCEPTED}

    assert [one.backed_up for one in kept.passkeys()] == [False]
