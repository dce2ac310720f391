"""Extension outputs come unsigned: a page, or whoever sends in its name, says of a passkey what
suits him. And the results of one extension, PRF, are secrets that must not come at all.
"""

from ceremonies import ACCEPTED, ADDED, MALFORMED, additions, sign_ins


def results(outputs):
    return {"tamper": lambda answer: answer | {"clientExtensionResults": outputs}}


UNSOLICITED = {
    "not discoverable": results({"credProps": {"rk": False}}),
    "what nobody asked for": results({"appid": True, "uvm": [[2, 4, 2]], "x": {"y": []}}),
    "PRF there, and silent": results({"prf": {"enabled": True}}),
    "PRF of another form": results({"prf": [1]}),
    "no object": results([1, 2]),
    "nothing": results(None),
}
SECRETS = {
    "one": results({"prf": {"results": {"first": "c2VjcmV0"}}}),
    "two": results({"prf": {"enabled": True, "results": {"first": "eA", "second": "eA"}}}),
}


def test_credential_properties_are_asked_for(mira):
    assert mira.begin_passkey()["publicKey"]["extensions"] == {"credProps": True}


def test_outputs_are_not_trusted(mira):
    """Nothing depends on them, whatever they say."""
    assert additions(mira, UNSOLICITED) == dict.fromkeys(UNSOLICITED, ADDED)
    assert sign_ins(mira, UNSOLICITED) == dict.fromkeys(UNSOLICITED, ACCEPTED)


def test_results_of_prf_are_refused(mira, kept):
    """Keys of the page's own: whoever wrote a page that sends them is told at once."""
    assert additions(mira, SECRETS) == dict.fromkeys(SECRETS, MALFORMED)
    assert sign_ins(mira, SECRETS) == dict.fromkeys(SECRETS, MALFORMED)
    assert len(kept.passkeys()) == 1
