"""/metrics: what is counted, by which labels, and that nobody outside can make more of them."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from fixtures import home_origin, outbox, visitor
from host import QUICK
from processes import COMMAND, environment, free_port, wait_until
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from unlatch.core import slow_hash
from unlatch.errors import StoreError
from unlatch.flask.sender import RefusedForGood, TryLater
from unlatch.server import readiness
from unlatch.server.app import create_app
from unlatch.server.listening import CannotListen
from unlatch.server.metrics import add_metrics
from unlatch.server.readiness import PARTS
from unlatch.server.scraping import show_workers
from unlatch.settings import Address

__all__ = ["home_origin", "outbox", "visitor"]

MOST_SERIES = 700
"""Of one site, however many workers it has: what a scrape brings, and Prometheus keeps."""


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(readiness, "PATIENCE", 60)
    monkeypatch.setattr(slow_hash, "_HASHER", QUICK)
    return create_app({"UNLATCH_DEVELOPMENT": "1", "TESTING": True})


@pytest.fixture
def registry(app):
    registry = CollectorRegistry()
    add_metrics(app, registry)
    return registry


@pytest.fixture
def counted(registry):
    """`counted(name)`: what is not 0, by the values of the labels."""

    def read(name):
        return {
            tuple(one.labels.values()): one.value
            for metric in registry.collect()
            for one in metric.samples
            if one.name == name and one.value
        }

    return read


@pytest.fixture
def series(registry):
    """`series()`: the name and the labels of each."""

    def read():
        samples = [one for metric in registry.collect() for one in metric.samples]
        return {(one.name, *sorted(one.labels.items())) for one in samples}

    return read


def test_sign_ins_are_counted_by_method_and_outcome(counted, outbox, visitor):
    visitor.register()
    visitor.add_passkey()
    visitor.sign_out()
    assert visitor.sign_in().status_code == 200
    assert visitor.sign_in(user_verified=False).status_code == 401
    by_code, by_link = visitor.at_another_browser(), visitor.at_another_browser()
    by_code.ask_mail()
    by_code.type_code("WDJB-KMHT")
    by_code.type_code(outbox.code)
    by_link.ask_mail()
    by_link.open_link(outbox.link)
    for _ in range(2):
        by_link.form("/auth/sign-in/email/link")

    assert counted("unlatch_sign_ins_total") == {
        ("registration", "done"): 1,
        ("passkey", "done"): 1,
        ("passkey", "refused"): 1,
        ("code", "done"): 1,
        ("code", "refused"): 1,
        ("link", "done"): 1,
        ("link", "refused"): 1,
    }
    assert counted("unlatch_refusals_total") == {
        ("passkey_refused",): 1,
        ("wrong_code",): 1,
        ("mail_gone",): 1,
    }


def test_a_sign_in_that_fails_by_our_fault_is_no_refusal(app, counted, visitor, monkeypatch):
    visitor.register()
    visitor.add_passkey()

    def is_away(*_):
        raise StoreError("away")

    monkeypatch.setattr(app.extensions["unlatch"].gate.passkeys, "finish_sign_in", is_away)

    assert visitor.sign_in().status_code == 503
    assert counted("unlatch_sign_ins_total")["passkey", "failed"] == 1
    assert counted("unlatch_refusals_total") == {("unavailable",): 1}


def test_mails_are_counted_by_purpose_and_outcome(app, counted, outbox, visitor):
    visitor.register()
    visitor.add_passkey()
    visitor.at_another_browser().ask_mail()
    visitor.at_another_browser().ask_mail("nobody@example.com")
    for trouble in (TryLater("no answer"), RefusedForGood("no such mailbox")):
        app.extensions["unlatch"].sender.transport = Broken(trouble)
        visitor.at_another_browser().ask_mail()

    assert counted("unlatch_mails_total") == {
        ("confirm", "left"): 1,
        ("passkey_added", "left"): 1,
        ("sign_in", "left"): 1,
        ("sign_in", "nobody"): 1,
        ("sign_in", "later"): 1,
        ("sign_in", "never"): 1,
    }


class Broken:
    def __init__(self, trouble):
        self.trouble = trouble

    def send(self, message):
        raise self.trouble


def test_how_long_answers_take_is_counted_by_endpoint(counted, visitor):
    visitor.get("/")
    visitor.get("/auth/sign-in")
    visitor.get("/auth/sign-in?next=/somewhere")
    visitor.get("/auth/static/nothing.css")

    assert counted("unlatch_request_seconds_count") == {
        ("home",): 1,
        ("sign_in",): 2,
        ("static",): 1,
    }


def test_how_the_site_stands_is_known_once_somebody_looked(app, registry, visitor, monkeypatch):
    state = app.extensions["unlatch"]
    monkeypatch.setattr(type(state.throttle), "degraded", True)

    visitor.get("/readyz")

    value = registry.get_sample_value
    assert value("unlatch_degraded", {"part": "redis"}) == 1
    assert value("unlatch_degraded", {"part": "clock"}) == 0
    assert value("unlatch_outbox_age_seconds") == 0
    assert value("unlatch_clock_skew_seconds") == 0


def test_nobody_outside_makes_a_series(series, outbox, visitor):
    """One for every path or name that somebody thinks up would fill the memory of all; and what
    is in a mailed link's address has no business there.
    """
    before = series()

    visitor.register()
    for path in ("/nowhere", "/auth/nowhere", "/auth/sign-in/email/link?token=stray", "/%ff"):
        visitor.get(path)
    visitor.ask("BREW", "/auth/sign-in")
    visitor.json("/auth/sign-in/passkey", {"id": "stray"})
    visitor.get("/readyz")

    assert series() == before
    assert "stray" not in str(before)
    assert len([one for one in before if not one[0].endswith("_created")]) <= MOST_SERIES


# --- and from the outside, of several processes ---


def scraped(port):
    """`{name: {values of the labels: value}}`."""
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            found.setdefault(one.name, {})[tuple(one.labels.values())] = one.value
    return found


@pytest.fixture(scope="module")
def temporary(tmp_path_factory):
    """Where the server makes its folder."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def port():
    """Where the site shows what it counts."""
    return free_port()


@pytest.fixture(scope="module")
def site_settings(port, temporary):
    return {"UNLATCH_METRICS": str(port), "TMPDIR": str(temporary)}


def files_of(temporary):
    (folder,) = temporary.glob("unlatch-metrics-*")
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.slow
def test_a_worker_that_is_killed_takes_nothing_counted_with_it(site, port, temporary):
    """And its successor counts on in the same files: else every death would leave some behind."""
    site.get("/auth/nowhere")
    site.wait_until(lambda: scraped(port)["unlatch_ready"] == {(): 1}, "its tables")
    before, files = scraped(port), files_of(temporary)
    assert before["unlatch_refusals_total"]["not_found",] == 1

    (worker,) = site.workers
    os.kill(worker, signal.SIGKILL)
    site.wait_until(lambda: not site.is_running(worker) and site.answers, "the next worker")
    site.get("/auth/nowhere")

    after = scraped(port)
    assert after["unlatch_refusals_total"]["not_found",] == 2
    assert set(after["unlatch_degraded"]) == {(part,) for part in PARTS}
    assert files_of(temporary) == files


@pytest.mark.slow
def test_a_server_that_ends_leaves_nothing(start_site, tmp_path):
    settings = {"UNLATCH_METRICS": str(free_port()), "TMPDIR": str(tmp_path)}

    start_site(tmp_path, **settings).stop()

    assert [one.name for one in tmp_path.iterdir()] == ["instance"]


@pytest.mark.slow
def test_a_sender_apart_shows_its_own(tmp_path):
    port = free_port()
    with subprocess.Popen(
        [*COMMAND, "worker"],
        cwd=tmp_path,
        env=environment(UNLATCH_DEVELOPMENT="1", UNLATCH_METRICS=str(port)),
        stdout=subprocess.PIPE,
        text=True,
    ) as sender:
        assert sender.stdout is not None
        assert "Unlatch sends" in sender.stdout.readline()
        wait_until(lambda: scraped(port)["unlatch_ready"] == {(): 1}, "its tables")
        shown = scraped(port)
        sender.terminate()

    assert shown["unlatch_mails_total"]["left", "sign_in"] == 0
    assert shown["unlatch_outbox_age_seconds"] == {(): 0}


FOLDER = (
    "import sys; from unlatch.server.slots import make_folder; print(make_folder(), flush=True)"
)


@pytest.fixture
def run():
    """`run(program, …)`: a process that waits at its end, and the line that it said."""
    running = []

    def begin(program, *arguments, **settings):
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", f"{program}\nsys.stdin.read()", *arguments]
        one = subprocess.Popen(
            command, env=environment(**settings), stdin=pipe, stdout=pipe, text=True
        )
        running.append(one)
        assert one.stdout is not None
        return one, one.stdout.readline().strip()

    yield begin
    for one in running:
        one.communicate("")


def killed(process):
    process.kill()
    process.wait()


@pytest.mark.slow
def test_what_a_killed_server_leaves_its_successor_removes(tmp_path, run):
    """But nothing of a server that runs, and nothing behind a link of somebody else's."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "unlatch-metrics-link").symlink_to(tmp_path / "elsewhere")
    first, left = run(FOLDER, TMPDIR=str(tmp_path))
    _, held = run(FOLDER, TMPDIR=str(tmp_path))
    assert Path(left).exists()

    killed(first)
    _, new = run(FOLDER, TMPDIR=str(tmp_path))

    found = {str(path) for path in tmp_path.glob("unlatch-metrics-*") if not path.is_symlink()}
    assert found == {held, new}
    assert Path(new).stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "elsewhere").iterdir()) == []


COUNTS = """
import pathlib, sys
from prometheus_client import CollectorRegistry, Counter
from unlatch.server.slots import take_slot

slot = take_slot(pathlib.Path(sys.argv[1]))
Counter("seen", "", registry=CollectorRegistry()).inc()
print(slot, flush=True)
"""


@pytest.mark.slow
def test_processes_count_beside_each_other(tmp_path, run):
    """Each in a slot of its own, and a slot that is free again is taken again."""
    first, slot = run(COUNTS, str(tmp_path))
    slots = [slot, run(COUNTS, str(tmp_path))[1]]
    killed(first)
    slots.append(run(COUNTS, str(tmp_path))[1])

    assert slots == ["0", "1", "0"]
    (seen,) = MultiProcessCollector(None, path=str(tmp_path)).collect()
    assert [one.value for one in seen.samples] == [3]


@pytest.mark.slow
def test_a_port_for_it_that_is_taken_is_told_in_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = Address(*taken.getsockname())
        with pytest.raises(CannotListen) as told, show_workers(where, where):
            pass

    assert str(told.value) == (
        f"UNLATCH_METRICS is {where}, where nothing can listen: Address already in use. "
        "Name a free port."
    )


IMPORTS = """
import sys
from urllib.request import urlopen
from unlatch.server.scraping import show_workers
from unlatch.settings import Address

where = Address("127.0.0.1", int(sys.argv[1]))
with show_workers(where, Address("127.0.0.1", int(sys.argv[2]))):
    urlopen  # what asks imports nothing either
    known = set(sys.modules)
    urlopen(f"http://{where}/metrics").read()
    print(sorted(set(sys.modules) - known))
"""


@pytest.mark.slow
def test_what_answers_beside_a_fork_imports_nothing(site):
    """As in `test_forking.py`; with a worker that answers."""
    command = [sys.executable, "-c", IMPORTS, str(free_port()), str(site.port)]

    ran = subprocess.run(command, env=environment(), capture_output=True, text=True)

    assert (ran.stdout, ran.stderr) == ("[]\n", "")
