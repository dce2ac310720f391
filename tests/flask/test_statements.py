"""How many statements a request costs on SQLite: what is not asked cannot be slow."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from watched_sql import watched


@pytest.fixture
def counted(app):
    """`with counted() as statements:` gathers them, as one list for each transaction; a select
    on its own is one of its own.
    """
    database = app.extensions["unlatch"].stores.database

    @contextmanager
    def gather() -> Iterator[list[list[str]]]:
        run: list[list[str]] = []

        def note(_sql, statement):
            verb = statement.split()[0]
            if verb == "BEGIN":
                run.append([])
            elif run and run[-1][:1] != ["SELECT"] and open_one:
                run[-1].append(verb)
            else:
                run.append([verb])
            open_one[:] = ["BEGIN"] if verb == "BEGIN" else open_one

        def ended(_sql):
            open_one.clear()

        open_one: list[str] = []
        with watched(database, note, over=ended):
            yield run

    return gather


@pytest.fixture
def settled(mira, confirm, clock):
    """An account as most are most of the time: confirmed, nothing in the post."""
    confirm(mira)
    clock.move(days=1, minutes=1)
    return mira


SELECT = ["SELECT"]


def test_beginning_a_sign_in_without_a_name_touches_no_store(settled, counted):
    settled.sign_out()

    with counted() as statements:
        settled.begin_sign_in()

    assert statements == []


def test_the_sign_in_page_of_a_new_browser_touches_no_store(visitor, counted):
    with counted() as statements:
        assert visitor.get("/auth/sign-in").status_code == 200

    assert statements == []


def test_finishing_a_sign_in_is_one_select_and_one_transaction_of_four(settled, counted):
    """The mark, the use, the session, the event."""
    settled.sign_out()
    answer = settled.key.get(settled.begin_sign_in())

    with counted() as statements:
        assert settled.json("/auth/sign-in/passkey", answer).status_code == 200

    assert statements == [SELECT, ["INSERT", "UPDATE", "INSERT", "INSERT"]]


def test_finishing_ends_more_only_where_there_is_something_to_end(settled, visitor, counted):
    settled.sign_out()
    visitor.ask_mail()
    answer = settled.key.get(settled.begin_sign_in())

    with counted() as statements:
        assert settled.json("/auth/sign-in/passkey", answer).status_code == 200

    assert statements == [SELECT, ["INSERT", "UPDATE", "INSERT", "INSERT", "UPDATE"]]


@pytest.mark.parametrize(
    "named", ["mira", "mira@example.com", "noah", "nobody", "nobody@example.com"]
)
def test_beginning_a_sign_in_by_name_is_one_select_whoever_is_named(
    settled, visitor, counted, named
):
    """Noah has no passkey. The secret of decoys is read once in a process."""
    settled.at_another_browser().register(username="noah", email="noah@example.com")
    visitor.begin_sign_in(identifier="somebody")

    with counted() as statements:
        visitor.begin_sign_in(identifier=named)

    assert statements == [SELECT]


def test_a_request_with_a_session_is_one_select(settled, counted):
    settled.sign_in()

    for path in ("/", "/notes", "/members", "/vault", "/auth/session"):
        with counted() as statements:
            assert settled.get(path).status_code == 200
        assert statements == [SELECT], path


def test_every_ten_minutes_it_is_one_update_more(settled, counted, clock):
    settled.sign_in()
    costs = []
    for _ in range(31):
        clock.move(minutes=1)
        with counted() as statements:
            settled.get("/notes")
        costs.append(statements)

    assert costs.count([SELECT, ["UPDATE"]]) == 3
    assert costs.count([SELECT]) == 28


def test_a_page_that_asks_nothing_of_the_account_costs_nothing(visitor, counted):
    with counted() as statements:
        visitor.get("/auth/register")
        visitor.get("/auth/static/nothing")
        visitor.get("/auth/nothing")
        visitor.get("/")

    assert statements == []


def test_rubbish_costs_nothing(visitor, counted):
    with counted() as statements:
        visitor.set_cookie("unlatch-80", "rubbish")
        visitor.get("/auth/session")
        visitor.get("/auth/sign-in/email/link?token=rubbish")
        visitor.get("/auth/sign-in/email/link?token=" + "A" * 86)
        visitor.type_code("ABCD-EFGH")
        visitor.json("/auth/sign-in/passkey", {"id": "x"})

    assert statements == []


def test_an_answer_to_no_ceremony_costs_nothing(settled, visitor, counted):
    answer = settled.key.get(settled.begin_sign_in())

    with counted() as statements:
        visitor.json("/auth/sign-in/passkey", answer)

    assert statements == []


def test_asking_for_a_mail_costs_the_same_for_nobody(settled, visitor, counted):
    with counted() as known:
        visitor.ask_mail("mira@example.com")
    with counted() as unknown:
        visitor.at_another_browser().ask_mail("nobody@example.com")

    assert known == unknown == [SELECT, ["INSERT", "UPDATE"]]


def test_proving_again_is_two_selects_and_one_transaction_of_four(settled, counted):
    settled.sign_in()
    answer = settled.key.get(settled.begin_fresh())

    with counted() as statements:
        assert settled.json("/auth/fresh/passkey", answer).status_code == 200

    assert statements == [SELECT, SELECT, ["INSERT", "UPDATE", "UPDATE", "INSERT"]]
