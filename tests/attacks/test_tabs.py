"""Tabs of one browser share its cookies: what one begins must not break, finish or replace what
another began; nor can a page fill the browser with ceremonies.
"""

SIGN_IN, ADD, FRESH = "/auth/sign-in/passkey", "/auth/account/passkeys", "/auth/fresh/passkey"


def ceremonies(person):
    return [name for name in person.cookies if name.startswith("__Host-unlatch-c-")]


def begin_four(mira):
    mira.sign_out()
    for name in ceremonies(mira):
        mira.drop_cookie(name)
    return [mira.begin_sign_in(), mira.begin_sign_in(identifier="mira")] + [
        mira.begin_sign_in() for _ in range(2)
    ]


def test_four_tabs_finish_in_any_order(mira):
    for begun in reversed(begin_four(mira)):
        assert mira.json(SIGN_IN, mira.key.get(begun)).status_code == 200


def test_a_refusal_in_one_tab_leaves_the_others_alone(mira):
    first, second, *_ = begin_four(mira)

    refused = mira.json(SIGN_IN, mira.key.get(first, origin="https://evil.example"))

    assert refused.status_code == 401
    assert mira.json(SIGN_IN, mira.key.get(second)).status_code == 200


def test_a_browser_holds_four_and_the_oldest_goes(mira):
    first, second, *_ = begin_four(mira)

    mira.begin_sign_in()

    assert len(ceremonies(mira)) == 4
    assert mira.json(SIGN_IN, mira.key.get(first)).json["error"] == "ceremony_gone"
    assert mira.json(SIGN_IN, mira.key.get(second)).status_code == 200


def test_opening_the_page_often_does_not_push_out_what_is_being_answered(mira):
    """Pages begin a ceremony each: three more tabs are within bounds."""
    mira.form("/auth/sign-out")
    begun = mira.begin_sign_in()
    mira.form("/auth/sign-in/switch")
    for _ in range(3):
        mira.get("/auth/sign-in")

    assert mira.json(SIGN_IN, mira.key.get(begun)).status_code == 200


def test_the_answer_of_one_tab_finishes_no_other_ones_purpose(mira):
    fresh, sign_in = mira.begin_fresh(), mira.begin_sign_in()

    for path, answer in [(SIGN_IN, mira.key.get(fresh)), (FRESH, mira.key.get(sign_in))]:
        assert mira.json(path, answer).json["error"] == "ceremony_gone"
    assert mira.json(FRESH, mira.key.get(fresh)).status_code == 200


def test_one_tabs_mail_does_not_take_anothers(visitor, outbox):
    """A confirmation and a step-up wait side by side."""
    visitor.register()
    confirmation = outbox.code
    visitor.form("/auth/fresh/email")

    assert visitor.form("/auth/account/email/code", code=confirmation).status_code == 303
    assert visitor.form("/auth/fresh/email/code", code=outbox.code).status_code == 303
