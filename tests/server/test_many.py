"""Many processes, one site: what they need, what they see of each other, how they go on dying."""

import signal
import subprocess
import sys
from dataclasses import replace
from urllib.request import urlopen

import pytest
from fixtures import person
from people import Page
from processes import PATIENCE, environment, free_port, wait_until

from unlatch.errors import SettingsError
from unlatch.flask.state import now
from unlatch.server import patience
from unlatch.server.many import check_workers
from unlatch.server.patience import CrashLoop, Patience
from unlatch.settings import Settings

SITE = "https://example.com"
POSTGRESQL, REDIS = "postgresql+psycopg://db/unlatch", "redis://counters"
NEEDS_POSTGRESQL = (
    "--workers 4 needs PostgreSQL, because SQLite has one writer; set UNLATCH_DATABASE_URL to a "
    "postgresql:// address, or leave --workers out."
)
NEEDS_REDIS = (
    "--workers 4 needs Redis, because workers that count each for itself let 4 times as much "
    "pass; set UNLATCH_REDIS_URL to a redis:// address, or leave --workers out."
)


@pytest.fixture(scope="module")
def settings_of():
    """`settings_of(database, redis)`: those of a site that keeps its things there."""
    plain = Settings.read({}, development=True)
    return lambda database, redis: replace(plain, database_url=database, redis_url=redis)


@pytest.mark.parametrize(
    ("database", "redis", "faults"),
    [
        (None, None, (NEEDS_POSTGRESQL, NEEDS_REDIS)),
        ("sqlite:////srv/unlatch.sqlite", REDIS, (NEEDS_POSTGRESQL,)),
        ("memory:", REDIS, (NEEDS_POSTGRESQL,)),
        (POSTGRESQL, None, (NEEDS_REDIS,)),
    ],
)
def test_many_workers_refuse_with_the_reason_and_the_cure(settings_of, database, redis, faults):
    with pytest.raises(SettingsError) as refused:
        check_workers(settings_of(database, redis), 4)

    assert refused.value.faults == faults


@pytest.mark.parametrize(
    ("database", "redis", "workers"),
    [(POSTGRESQL, REDIS, 4), (POSTGRESQL, None, 1), (None, None, 1)],
)
def test_nothing_is_said_against_what_can_be(settings_of, database, redis, workers):
    check_workers(settings_of(database, redis), workers)


@pytest.mark.slow
def test_the_command_refuses_before_it_serves(unlatch):
    ended = unlatch("serve", "--port", str(free_port()), "--workers", "4")

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == f"Unlatch cannot start:\n  - {NEEDS_POSTGRESQL}\n  - {NEEDS_REDIS}\n"


def test_patience_ends():
    server = Patience()

    pauses = [server.pause_after(1) for _ in patience.PAUSES]

    assert pauses == [1, 2, 4, 8, 16]
    with pytest.raises(CrashLoop, match="gives up: its workers died again and again, 6 times"):
        server.pause_after(1)


def test_after_a_calm_minute_it_is_all_there_again():
    server = Patience()
    for _ in patience.PAUSES:
        server.pause_after(1)

    assert [server.pause_after(61), server.pause_after(1)] == [1, 2]


DYING = """
import os
from unlatch.server import cli, patience, serving

patience.PAUSES = (0.01, 0.02)
serving.load = lambda *_: os._exit(7)
cli.main()
"""


@pytest.mark.slow
def test_workers_that_go_on_dying_end_it_with_a_sentence_and_an_exit_code(tmp_path):
    """For whoever watches over it: a site that is down must not look as if it were up."""
    ended = subprocess.run(
        [sys.executable, "-c", DYING, "serve", "--port", str(free_port())],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.count("Unlatch starts again in") == 2
    assert ended.stderr.splitlines()[-1] == (
        "Unlatch gives up: its workers died again and again, 3 times in a row; the log above says "
        "of what."
    )


MANY = """
from unlatch.server import cli, many

many.check_workers = lambda *_: None  # what follows is true of any database
cli.main()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_are_counted_together_and_none_outlives_a_killed_main_process(
    start_command, tmp_path
):
    """They would go on answering, and keep the port, with nobody to end or replace them."""
    many = [sys.executable, "-c", MANY, "serve", "--workers", "2", "--port"]
    port = free_port()
    settings = {"UNLATCH_METRICS": str(port), "TMPDIR": str(tmp_path)}
    site = start_command(tmp_path, lambda port: [*many, str(port)], settings)
    wait_until(lambda: len(list(tmp_path.glob("*/slot-*"))) == 2, "both workers")
    workers = site.workers
    for _ in range(20):
        site.get("/auth/nowhere")
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        assert 'unlatch_refusals_total{reason="not_found"} 20.0' in answer.read().decode()

    site.stop(signal.SIGKILL)

    wait_until(lambda: not any(map(site.is_running, workers)), "the workers' end")


@pytest.fixture
def mira(here):
    """Signed in, in the process of the test."""
    mira = person(here, SITE)
    mira.register()
    assert mira.add_passkey().status_code == 201
    return mira


@pytest.fixture
def other(here, mira):
    """She at another browser, with a passkey of its own."""
    other = mira.at_another_browser(key=person(here, SITE).key)
    assert mira.add_passkey(other.key).status_code == 201
    return other


def end_its_session(mira):
    (end,) = [one for one in Page(mira.get("/auth/account").text).actions() if one.endswith("/end")]
    assert mira.form(end).status_code == 303


def remove_its_passkey(mira):
    newest = mira.passkeys()[-1]["id"]
    assert mira.json(f"/auth/account/passkeys/{newest}", method="DELETE").status_code == 200


def disable_the_account(mira):
    stores = mira.client.application.extensions["unlatch"].stores
    with stores.unit() as unit:
        assert unit.accounts.disable(stores.accounts.by_username(mira.username).id, now=now())


@pytest.mark.slow
def test_what_one_process_takes_away_every_other_has_taken_away(
    mira, other, start_site, settings, tmp_path
):
    """With the next request: none remembers a session from one to the next."""
    there = start_site(tmp_path, **settings)

    for take_away in (end_its_session, remove_its_passkey, disable_the_account):
        other.key = mira.key if take_away is disable_the_account else other.key
        assert other.sign_in().status_code == 200
        there.cookies = {"__Host-unlatch": other.cookies["__Host-unlatch"]}
        before = there.get("/auth/session", Host="example.com").status
        take_away(mira)
        after = there.get("/auth/session", Host="example.com").status
        assert (take_away.__name__, before, after) == (take_away.__name__, 200, 401)
