"""The log: for programs in JSON, for people in lines, and never with a secret."""

import json
import logging.config
import sys

import pytest
from flask import Flask

from unlatch.server.logs import json_formatter, logs

log = logging.getLogger("unlatch.tests")


@pytest.fixture
def lines(caplog):
    """`lines()`: what was logged so far, as a program reads it."""
    caplog.set_level(logging.INFO)
    caplog.handler.setFormatter(json_formatter())
    return lambda: [json.loads(line) for line in caplog.text.splitlines()]


def test_a_line_says_what_happened_when_and_to_whom_it_belongs(lines):
    log.warning("mail %s left", 7)

    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "mail 7 left", "level": "warning", "logger": "unlatch.tests"}


def test_nobody_writes_a_line_of_his_own(lines):
    log.info("refused: %s", 'x\n{"event": "all is well"}\r')

    (line,) = lines()
    assert line["event"] == 'refused: x\n{"event": "all is well"}\r'


def test_a_traceback_is_one_line_and_shows_no_value(lines):
    secret = "looking-for-this"

    def fails(value):
        raise KeyError("missing")

    try:
        fails(secret)
    except KeyError:
        log.exception("failed", extra={"token": secret})

    (line,) = lines()
    assert "in fails" in line["exception"]
    assert "KeyError: 'missing'" in line["exception"]
    assert secret not in str(line)


def test_lines_of_one_request_have_one_id(lines):
    app = Flask("any")

    @app.get("/")
    def twice():
        log.info("once")
        log.info("twice")
        return ""

    for _ in range(2):
        app.test_client().get("/", headers={"X-Request-ID": "of somebody else"})

    first, second, other, _ = (line["request_id"] for line in lines())
    assert first == second != other
    assert "somebody" not in first


@pytest.mark.parametrize(
    ("development", "terminal", "for_people"),
    [(True, False, True), (False, True, True), (False, False, False)],
)
def test_it_is_for_people_where_one_looks_or_develops(
    development, terminal, for_people, monkeypatch, capsys
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    before = [*logging.root.handlers], logging.root.level

    logging.config.dictConfig(logs(development=development))
    try:
        logging.getLogger("unlatch").info("all is well")
    finally:
        logging.root.handlers, logging.root.level = before
        logging.getLogger("unlatch").setLevel(logging.NOTSET)

    said = capsys.readouterr().err
    assert said.endswith(" INFO unlatch: all is well\n") is for_people
    assert said.startswith("{") is not for_people
