"""The mail server is down, slow, or says no: people who sign in notice nothing of it."""

from faults.post import check_mails
from faults.siege import often
from processes import free_port


def hold(postman):
    postman.go_on.clear()
    postman.holds_at = "RCPT"


def say_later(postman):
    postman.says = {"RCPT": "451 later"}


def say_never(postman):
    postman.says = {"RCPT": "550 never"}


def heal(postman):
    postman.holds_at = ""
    postman.says = {}
    postman.go_on.set()


def test_slow_or_unwilling(besiege, postman):
    """Every page goes on meanwhile, and mails go out afterwards, none of them twice."""
    siege = besiege()

    with siege.load():
        for trouble in (hold, say_later, say_never) * often(20):
            trouble(postman)
            siege.wait_for(10)
            heal(postman)
            postman.took.clear()
            siege.wait_until(postman.took.is_set, "a mail")

    siege.check(cut=False)
    check_mails(siege)


def test_down(besiege):
    siege = besiege(MAIL_PORT=str(free_port()))

    with siege.load():
        siege.wait_for(often(20) * 20)

    siege.check(cut=False)
