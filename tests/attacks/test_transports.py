"""What nobody has signed is written by whoever sends it: the ways a device is reached, which we
keep and tell browsers again, and the kind of device, which we do not.
"""

import pytest
from ceremonies import ACCEPTED, ADDED, MALFORMED, additions, sign_ins


def named(transports):
    return {"tamper": lambda answer: answer["response"].update(transports=transports)}


def test_only_known_transports_are_kept_each_once(mira, kept):
    odd = ["usb", "<script>", "usb", 7, None, ["nfc"], {"ble": 1}, "USB", "internal", "x" * 9_999]

    assert additions(mira, {"odd": named(odd)}) == {"odd": ADDED}

    assert kept.passkeys()[-1].transports == ("usb", "internal")
    excluded = mira.begin_passkey()["publicKey"]["excludeCredentials"][-1]
    assert excluded["transports"] == ["internal", "usb"]


def test_no_transport_is_as_good(mira, kept):
    def unsaid(answer):
        del answer["response"]["transports"]

    bends = {"none": named([]), "not said": {"tamper": unsaid}}

    assert additions(mira, bends) == dict.fromkeys(bends, ADDED)
    assert [one.transports for one in kept.passkeys()[1:]] == [(), ()]


@pytest.mark.parametrize("transports", ["usb", {"usb": True}, 7, None])
def test_transports_are_a_list(mira, kept, transports):
    assert additions(mira, {"odd": named(transports)}) == {"odd": MALFORMED}
    assert len(kept.passkeys()) == 1


@pytest.mark.parametrize("attachment", ["implant", "", None, 7, ["platform"], {"x": 1}])
def test_an_unknown_kind_of_attachment_is_dropped(mira, attachment):
    """A new kind of device is no reason to refuse it; nothing depends on what it is called."""
    odd = {"odd": {"tamper": lambda answer: answer | {"authenticatorAttachment": attachment}}}

    assert sign_ins(mira, odd) == {"odd": ACCEPTED}
    assert additions(mira, odd) == {"odd": ADDED}
