"""A recorded answer, sent again."""


def test_an_answer_opens_one_session(mira, come_from):
    """The thief has all that went over the wire: the answer and the cookies that went with it."""
    mira.sign_out()
    answer = mira.key.get(mira.begin_sign_in())
    thief = come_from("127.6.6.6").with_cookies_of(mira)

    first = mira.json("/auth/sign-in/passkey", answer)
    again = thief.json("/auth/sign-in/passkey", answer)

    assert (first.status_code, again.status_code) == (200, 401)
    assert again.json["error"] == "ceremony_gone"
    assert thief.session is None
