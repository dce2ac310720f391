"""Two limits that share a counter: using up one uses up the other, or renews it."""

from itertools import combinations

from strangers import too_many, wrong_passkey

from unlatch.core import limits
from unlatch.core.throttle import Allowance, Limit


def test_every_limit_has_a_name_of_its_own():
    every = [one for one in vars(limits).values() if isinstance(one, Limit)]

    assert limits.FAILURES in every
    for one, other in combinations(every, 2):
        assert Allowance(one, "127.0.0.1").key != Allowance(other, "127.0.0.1").key


def test_using_up_one_leaves_the_others(visitor):
    """The failures of an address, then its options, then its mails: each to its own end."""
    for _ in range(30):
        wrong_passkey(visitor)
    too_many(wrong_passkey(visitor))

    for _ in range(120 - 31):
        assert visitor.json("/auth/sign-in/passkey/options").status_code == 200
    too_many(visitor.json("/auth/sign-in/passkey/options"))

    for number in range(20):
        visitor.drop_cookie("__Host-unlatch-mail")
        assert visitor.ask_mail(f"n{number}@example.com").status_code == 303
    visitor.drop_cookie("__Host-unlatch-mail")
    assert visitor.ask_mail("n@example.com").status_code == 429
