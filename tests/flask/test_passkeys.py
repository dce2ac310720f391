"""Passkeys over HTTP: in and out, and who is kept out."""


def test_a_person_registers_signs_out_and_in_again(mira):
    assert mira.session["method"] == "registration"

    mira.sign_out()
    assert mira.session is None

    answer = mira.sign_in()
    assert (answer.status_code, answer.json) == (200, {"next": "/auth/account"})
    assert mira.session["method"] == "passkey"


def test_an_answer_opens_one_session(mira):
    mira.sign_out()
    answer = mira.key.get(mira.begin_sign_in())

    first, again = (mira.json("/auth/sign-in/passkey", answer) for _ in range(2))

    assert (200, 401) == (first.status_code, again.status_code)
    assert again.json["error"] == "ceremony_gone"
