"""One code, accepted twice: by whoever read it over a shoulder, or in another spelling, in case
what was used up is remembered as it was typed.
"""

import pytest

CODE = "/auth/sign-in/email/code"

SPELLINGS = {
    "as it was": lambda code: code,
    "lower case": str.lower,
    "without the dash": lambda code: code.replace("-", ""),
    "long dashes": lambda code: code.replace("-", "\N{EM DASH}\N{EN DASH}"),
    "spaces": lambda code: f" {code[:4]} {code[5:]}\t",
    "full width": lambda code: "".join(
        chr(ord(letter) + 0xFEE0) if letter != "-" else "\N{FULLWIDTH HYPHEN-MINUS}"
        for letter in code
    ),
    "invisible": lambda code: "\N{ZERO WIDTH JOINER}".join(code),
}


@pytest.fixture(params=SPELLINGS.values(), ids=list(SPELLINGS))
def spelled(request):
    return request.param


def test_a_code_is_good_in_any_spelling(mira, visitor, outbox, spelled):
    """So that what follows is refused for having been used, and for nothing else."""
    visitor.ask_mail()

    assert visitor.json(CODE, {"code": spelled(outbox.code)}).status_code == 200


def test_a_used_code_is_gone_in_any_spelling(mira, visitor, outbox, spelled, kept):
    visitor.ask_mail()
    thief = visitor.at_another_browser().with_cookies_of(visitor)
    assert visitor.json(CODE, {"code": outbox.code}).status_code == 200

    again = thief.json(CODE, {"code": spelled(outbox.code)})

    assert (again.status_code, again.json["error"]) == (401, "mail_gone")
    assert thief.session is None
    assert [one.facts["method"] for one in kept.events() if one.kind == "signed_in"] == [
        "registration",
        "email",
    ]


def test_a_used_code_of_a_proof_is_gone(mira, outbox):
    """It makes a session fresh once."""
    mira.form("/auth/fresh/email")
    code = {"code": outbox.code}
    assert mira.json("/auth/fresh/email/code", code).status_code == 200

    again = mira.json("/auth/fresh/email/code", code)

    assert (again.status_code, again.json["error"]) == (401, "mail_gone")


def test_a_used_code_of_a_confirmation_is_gone(outbox, visitor):
    visitor.register()
    code = {"code": outbox.code}
    assert visitor.json("/auth/account/email/code", code).status_code == 200

    again = visitor.json("/auth/account/email/code", code)

    assert (again.status_code, again.json["error"]) == (401, "mail_gone")
