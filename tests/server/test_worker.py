"""The sender in processes of its own, killed and stopped while a mail server has hold of it."""

import datetime
import signal
import subprocess
from itertools import count

import pytest
import time_machine
from fixtures import person
from postman import mail_server
from processes import COMMAND, PATIENCE, environment, free_port, gunicorn, wait_until

from unlatch.core.times import SECOND
from unlatch.flask.sender.sending import LEASE
from unlatch.server.app import create_app
from unlatch.testing import Outbox

pytestmark = pytest.mark.slow  # a process for each test

SITE = "https://example.com"
WORKER = [*COMMAND, "worker"]
FLASK_WORKER = [*COMMAND[:2], "flask", "--app", "unlatch.server.app", "unlatch", "worker"]
NO_ROOM = """
import threading

def start(thread):
    raise RuntimeError("can't start new thread")

threading.Thread.start = start
"""


@pytest.fixture
def postman():
    with mail_server(free_port()) as postman:
        yield postman


@pytest.fixture
def settings(for_real, postman):
    return for_real | {
        "UNLATCH_MAIL_WORKER": "external",
        "UNLATCH_MAIL_SECURITY": "none",
        "MAIL_PORT": str(postman.port),
    }


@pytest.fixture
def register(here):
    """`register(n)`: as many people, whose addresses get a mail to confirm them; gives those."""
    number = count()

    def register(people: int = 1) -> list[str]:
        new = []
        for one in (next(number) for _ in range(people)):
            somebody = person(here, SITE, username=f"person{one}", email=f"{one}@example.com")
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


def test_several_senders_at_once_send_nothing_twice(register, start_workers, postman):
    workers = start_workers(WORKER, WORKER)

    people = register(8)
    wait_until(lambda: len(postman.taken) >= len(people), "all mails")
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
    said = "".join(worker.communicate(timeout=PATIENCE)[1] for worker in workers)

    assert sorted(postman.taken) == sorted(people)
    assert [worker.returncode for worker in workers] == [0, 0]
    assert said.count(') left"') == len(people), said


@pytest.mark.parametrize(("step", "sent_by_another"), [("RCPT", 1), ("DATA", 0)])
def test_what_a_killed_sender_had_another_takes_over_unless_it_may_have_left(
    register, start_workers, postman, here, step, sent_by_another
):
    """Its lease ends in five minutes: the clock of the other one is put forward."""
    postman.holds_at = step
    (address,) = register()
    (worker,) = start_workers(WORKER)
    assert postman.reached.wait(PATIENCE)

    worker.kill()
    worker.wait()
    outbox = Outbox(here)
    sender = here.extensions["unlatch"].sender

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
    assert postman.taken == []
    postman.go_on.set()
    worker.communicate(timeout=PATIENCE)

    assert worker.returncode == 0
    assert len(postman.taken) == 1 < len(people)


@pytest.fixture
def start_server(start_site, start_command, settings, tmp_path):
    """`start_server(name)`: one that sends mail itself."""
    sends = settings | {"UNLATCH_MAIL_WORKER": "thread"}

    def start(name):
        if name == "unlatch serve":
            return start_site(tmp_path, **sends)
        app, options = "unlatch.server.app:create_app()", ("--threads", "4", "--no-control-socket")
        site = start_command(tmp_path, lambda port: gunicorn(app, port, *options), sends)
        site.get("/auth/sign-in", Host="example.com")  # with which its sender begins
        return site

    return start


@pytest.mark.parametrize("name", ["unlatch serve", "gunicorn"])
def test_a_server_that_is_told_to_end_hands_over_the_mail_it_is_at(
    register, start_server, postman, name
):
    postman.holds_at = "DATA"
    register()
    site = start_server(name)
    assert postman.reached.wait(PATIENCE)

    site.process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        site.process.wait(1)
    assert postman.taken == []
    postman.go_on.set()
    site.process.communicate(timeout=PATIENCE)

    assert len(postman.taken) == 1


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


@pytest.mark.parametrize("database_url", ["sqlite:///never.sqlite"])
@pytest.mark.parametrize("command", [WORKER, FLASK_WORKER], ids=["unlatch", "flask unlatch"])
def test_without_room_for_its_thread_it_ends_and_says_so(settings, tmp_path, command):
    """Instead of waiting for ever, and sending nothing: what watches over it starts it anew."""
    module = tmp_path / "sitecustomize.py"
    module.write_text(NO_ROOM)
    environ = environment(**settings)
    environ["PYTHONPATH"] = f"{tmp_path}:{environ.get('PYTHONPATH', '')}"

    ended = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=PATIENCE
    )

    assert ended.returncode == 1
    assert "No mail is sent: the sender's thread could not start." in ended.stderr
    assert "Traceback" not in ended.stderr
