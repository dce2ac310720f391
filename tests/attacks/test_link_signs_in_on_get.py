"""Mail scanners, chat previews and browsers that fetch ahead open every link in a mail: by that
alone nobody is signed in, and the link is not used up before its owner comes.
"""

import pytest

LOOKING = {
    "a click": ("GET", {}),
    "a scanner's HEAD": ("HEAD", {}),
    "a browser's prefetch": ("GET", {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch"}),
    "a preview": ("GET", {"User-Agent": "Slackbot-LinkExpanding 1.0"}),
    "htmx": ("GET", {"HX-Request": "true"}),
    "a program": ("GET", {"Accept": "application/json"}),
}


def look(person, link, method, headers):
    """All the way: the link, and where it leads."""
    answer = person.ask(method, link.removeprefix(person.site), headers=headers)
    if answer.status_code == 303:
        person.ask(method, answer.location, headers=headers)
    return answer


@pytest.mark.parametrize(("method", "headers"), LOOKING.values(), ids=LOOKING)
def test_looking_signs_nobody_in_and_spends_nothing(mira, visitor, outbox, kept, method, headers):
    """In the browser that asked, and in one that did not; more often than there are tries."""
    visitor.ask_mail("mira")
    link = outbox.link
    scanner = visitor.at_another_browser()
    sessions = kept.kinds().count("signed_in")

    for _ in range(6):
        for person in (visitor, scanner):
            look(person, link, method, headers)
            assert person.session is None
    assert not [one for one in scanner.cookies if "unlatch" in one]
    assert kept.kinds().count("signed_in") == sessions

    visitor.open_link(link)
    assert visitor.form("/auth/sign-in/email/link").status_code == 303
    assert visitor.method == "email"


def test_a_confirmation_is_not_given_by_looking(visitor, outbox):
    visitor.register()

    for method in ("GET", "HEAD"):
        look(visitor, outbox.link, method, {})

    assert visitor.session["account"]["email"] is None
    assert visitor.form("/auth/account/email/link").status_code == 303
    assert visitor.session["account"]["email"] == "mira@example.com"


def test_one_link_makes_one_session(mira, visitor, outbox):
    visitor.ask_mail("mira")
    visitor.open_link(outbox.link)
    opened = visitor.cookies

    first = visitor.json("/auth/sign-in/email/link")
    thief = visitor.at_another_browser()
    for name, value in opened.items():
        thief.set_cookie(name, value)

    assert first.status_code == 200
    assert thief.json("/auth/sign-in/email/link").json["error"] == "mail_gone"
    assert thief.session is None
