"""The sender in processes of its own, killed and stopped while a mail server has hold of it."""

import datetime
import signal
import subprocess
from itertools import count

import pytest
import time_machine
from fixtures import person
from postman import mail_server
from processes import COMMAND, PATIENCE, environment, free_port, wait_until

from unlatch.core.times import SECOND
from unlatch.flask.sender.sending import LEASE
from unlatch.server.app import create_app
from unlatch.testing import Outbox

pytestmark = pytest.mark.slow  # a process for each test

SITE = "https://example.com"
WORKER = [*COMMAND, "worker"]
FLASK_WORKER = [*COMMAND[:2], "flask", "--app", "unlatch.server.app", "unlatch", "worker"]


@pytest.fixture(params=["sqlite"])
def database_url(request, tmp_path):
    """One that is there before any process asks."""
    return f"sqlite:///{tmp_path / 'shared.sqlite'}"


@pytest.fixture
def postman():
    with mail_server(free_port()) as postman:
        yield postman


@pytest.fixture
def settings(database_url, postman):
    return {
        "UNLATCH_ORIGIN": SITE,
        "UNLATCH_DATABASE_URL": database_url,
        "UNLATCH_TRUSTED_PROXIES": "none",
        "UNLATCH_MAIL_WORKER": "external",
        "UNLATCH_MAIL_SECURITY": "none",
        "SECRET_KEY": "kR3v9-dZ0qLw7xTn2YbHc8uJfA5sEgM1",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": str(postman.port),
        "MAIL_FROM": "sign-in@example.com",
    }


@pytest.fixture
def app(settings, tmp_path, monkeypatch):
    """The site, in the process of the test, which sends nothing."""
    monkeypatch.chdir(tmp_path)
    app = create_app(settings)
    app.extensions["unlatch"].stores.database.upgrade()
    yield app
    app.extensions["unlatch"].stores.close()


@pytest.fixture
def register(app):
    """`register(n)`: as many people, whose addresses get a mail to confirm them; gives those."""
    number = count()

    def register(people: int = 1) -> list[str]:
        new = []
        for one in (next(number) for _ in range(people)):
            somebody = person(app, SITE, username=f"person{one}", email=f"{one}@example.com")
            somebody.client.environ_base["REMOTE_ADDR"] = f"198.51.100.{one}"
            somebody.register()
            new.append(somebody.email)
        return new

    return register


@pytest.fixture
def start_workers(settings, tmp_path):
    """Starts some; gives their processes when they say that they send."""
    started: list[subprocess.Popen[str]] = []

    def start(*commands: list[str]) -> list[subprocess.Popen[str]]:
        new = [_start(command, tmp_path, settings) for command in commands]
        started.extend(new)
        for worker in new:
            assert worker.stdout is not None
            assert "Unlatch sends the mail of example.com." in worker.stdout.readline()
        return new

    yield start
    for worker in started:
        worker.kill()
        worker.communicate()


def _start(command, folder, settings):
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stop(worker):
    worker.send_signal(signal.SIGTERM)
    return worker.communicate(timeout=PATIENCE)[1]


def test_several_senders_at_once_send_nothing_twice(register, start_workers, postman):
    workers = start_workers(WORKER, WORKER, WORKER)

    people = register(9)
    wait_until(lambda: len(postman.taken) >= len(people), "all mails")
    said = "".join(stop(worker) for worker in workers)

    assert sorted(postman.taken) == sorted(people)
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert said.count(" left\n") == len(people), said


@pytest.mark.parametrize(("step", "sent_by_another"), [("RCPT", 1), ("DATA", 0)])
def test_what_a_killed_sender_had_another_takes_over_unless_it_may_have_left(
    register, start_workers, postman, app, step, sent_by_another
):
    """Its lease ends in five minutes: the clock of the other one is put forward."""
    postman.holds_at = step
    (address,) = register()
    (worker,) = start_workers(WORKER)
    assert postman.reached.wait(PATIENCE)

    worker.kill()
    worker.wait()
    outbox = Outbox(app)
    sender = app.extensions["unlatch"].sender

    assert sender.send_due() == 0
    late = datetime.timedelta(seconds=LEASE / SECOND + 1)
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + late):
        assert sender.send_due() == sent_by_another
        assert len(outbox.to(address)) == sent_by_another
        assert sender.send_due() == 0


@pytest.mark.parametrize(
    ("command", "by"),
    [(WORKER, signal.SIGTERM), (FLASK_WORKER, signal.SIGINT)],
    ids=["unlatch worker", "flask unlatch worker"],
)
def test_one_that_is_told_to_end_hands_over_the_mail_it_is_at(
    register, start_workers, postman, command, by
):
    postman.holds_at = "DATA"
    people = register(2)
    (worker,) = start_workers(command)
    assert postman.reached.wait(PATIENCE)

    worker.send_signal(by)
    with pytest.raises(subprocess.TimeoutExpired):
        worker.wait(0.5)
    postman.go_on.set()
    worker.communicate(timeout=PATIENCE)

    assert worker.returncode == 0
    assert len(postman.taken) == 1 < len(people)


def test_a_server_that_is_told_to_end_hands_over_the_mail_it_is_at(
    register, start_site, settings, postman, tmp_path
):
    postman.holds_at = "DATA"
    register()
    site = start_site(tmp_path, **settings | {"UNLATCH_MAIL_WORKER": "thread"})
    assert postman.reached.wait(PATIENCE)

    site.process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        site.process.wait(1)
    postman.go_on.set()

    assert " left\n" in site.process.communicate(timeout=PATIENCE)[1]


def test_there_is_nothing_to_send_for_others_from_memory(settings):
    config = {"UNLATCH_DATABASE_URL": "memory:", "UNLATCH_DEVELOPMENT": "1"}
    app = create_app(settings | config | {"UNLATCH_MAIL_WORKER": "thread"})

    ended = app.test_cli_runner().invoke(args=["unlatch", "worker"])

    assert ended.exit_code == 1
    assert "is memory:, which no other process sees; name a file." in ended.output


def test_it_wants_the_settings_that_serving_wants(unlatch):
    ended = unlatch("worker")

    assert ended.returncode == 1
    assert "UNLATCH_ORIGIN is missing" in ended.stderr
    assert "UNLATCH_MAIL_SERVER is missing" in ended.stderr
