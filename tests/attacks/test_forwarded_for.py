"""X-Forwarded-For believed: whoever writes it himself has a new address for each request, or
the victim's.
"""

import logging

import pytest
from strangers import STALE_ANSWER, too_many

from unlatch.flask import client

PROXY, SECOND_PROXY = "127.0.0.1", "127.8.8.8"


@pytest.fixture
def asked(start_app):
    """`asked(proxies)(forwarded, from_address)`: 31 bad answers; how many were looked at."""

    def site(proxies):
        app = start_app(UNLATCH_TRUSTED_PROXIES=proxies)

        def ask(forwarded, address=PROXY, times=31):
            browser = app.test_client()
            browser.address = address
            statuses = []
            for number in range(times):
                value = forwarded(number) if callable(forwarded) else forwarded
                answer = browser.post(
                    "/auth/sign-in/passkey",
                    base_url="https://acme.example",
                    json=STALE_ANSWER,
                    headers={"Origin": "https://acme.example", **value},
                )
                statuses.append(answer.status_code)
            if statuses[-1] == 429:
                too_many(answer)
            return statuses.count(401)

        return ask

    return site


def forwarded_for(value):
    return {"X-Forwarded-For": value}


def test_by_default_nobody_is_believed(asked):
    ask = asked("none")
    assert ask(lambda number: forwarded_for(f"192.0.2.{number}")) == 30


def test_nor_is_a_stranger_where_a_proxy_is_trusted(asked):
    ask = asked(SECOND_PROXY)
    assert ask(lambda number: forwarded_for(f"192.0.2.{number}"), "127.7.7.7") == 30


def test_of_a_proxy_only_what_it_saw_itself(asked):
    """What stands left of it came with the request."""
    ask = asked(PROXY)
    assert ask(lambda number: forwarded_for(f"192.0.2.{number}, 198.51.100.7")) == 30
    assert ask(forwarded_for("198.51.100.8"), times=1) == 1


def test_several_proxies_are_passed_over(asked):
    ask = asked(f"{PROXY}, {SECOND_PROXY}")
    assert ask(lambda n: forwarded_for(f"192.0.2.{n}, 198.51.100.7, {SECOND_PROXY}")) == 30


@pytest.mark.parametrize(
    "headers",
    [
        {"Forwarded": "for=192.0.2.1"},
        {"X-Real-IP": "192.0.2.1"},
        {"CF-Connecting-IP": "192.0.2.1"},
        {"X-Forwarded-For": ""},
        {"X-Forwarded-For": "unknown"},
        {"X-Forwarded-For": "192.0.2.1, 999.1.1.1"},
        {"X-Forwarded-For": "192.0.2.1, " + "9" * 5000},
    ],
)
def test_what_is_no_address_gives_none(asked, headers):
    """Then the proxy itself is as far as can be seen, and all that it passes on are one."""
    ask = asked(PROXY)
    assert ask(headers) == 30
    assert ask({}, times=1) == 0


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("198.51.100.7", "198.51.100.7:51234"),
        ("198.51.100.7", "::ffff:198.51.100.7"),
        ("2001:db8::7", "[2001:db8::7]:443"),
        ("2001:db8::7", "2001:db8::8%eth0"),
    ],
)
def test_spellings_of_an_address_are_one_address(asked, one, same):
    ask = asked(PROXY)
    assert ask(forwarded_for(one)) == 30
    assert ask(forwarded_for(same), times=1) == 0


def test_a_proxy_that_is_not_believed_is_told_of_once(asked, caplog):
    """Everybody who comes by it counts as one, and an operator would look for that for long."""
    asked("192.0.2.1")(forwarded_for("192.0.2.7"))
    asked("none")({})
    asked(PROXY)(forwarded_for("rubbish"))

    told = [one.getMessage() for one in caplog.records if "not believed" in one.getMessage()]
    assert len(told) == 1
    assert told[0].startswith(f"X-Forwarded-For of {PROXY} is not believed")


def test_a_socket_file_that_is_not_believed_is_told_of(start_app, caplog):
    """gunicorn's way to say so is an empty address."""
    app = start_app(UNLATCH_TRUSTED_PROXIES=PROXY)
    for _ in range(2):
        headers, nobody = forwarded_for("192.0.2.7"), {"REMOTE_ADDR": ""}
        with app.test_request_context(headers=headers, environ_base=nobody):
            assert client.client().address == "unknown"

    (told,) = [one.getMessage() for one in caplog.records if "not believed" in one.getMessage()]
    assert told.startswith("X-Forwarded-For of a socket file (unix) is not believed")


def test_the_log_says_which_limit_it_was(asked, caplog):
    caplog.set_level(logging.INFO, "unlatch")

    asked("none")({})

    assert "refused: too_many ('of failures')" in caplog.text
