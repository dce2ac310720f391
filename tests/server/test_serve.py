"""`unlatch serve` as a person starts it: a real process, asked over real sockets."""

import http.client
import json
import os
import re
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from processes import PATIENCE
from strangers import STALE_ANSWER

from unlatch.server.cli import _is_for_everybody

REGISTRATION = {"name": "Mira Okafor", "username": "mira", "email": "mira@example.com"}
JSON = {"Accept": "application/json"}

pytestmark = pytest.mark.slow  # a process for many a test

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def test_it_says_where_to_click(site):
    assert site.said == (
        f"Unlatch is running in development: http://localhost:{site.port}\n"
        f"Its mails go nowhere but to http://localhost:{site.port}/auth/dev/mailbox\n"
        "Ctrl-C ends it.\n"
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost"])
def test_it_answers_on_both_addresses_of_this_machine(site, address):
    assert "Sign in without a password" in site.get("/", at=address).text


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_page_asked_by_address_leads_to_localhost(site, address):
    """WebAuthn refuses addresses."""
    answer = site.get("/auth/sign-in?next=/auth/account", at=address)

    assert answer.status == 307
    assert answer.headers["Location"] == (
        f"http://localhost:{site.port}/auth/sign-in?next=/auth/account"
    )


def test_x_forwarded_for_in_several_lines_is_one_list(start_site, tmp_path):
    """Of a proxy that adds a line of its own, below that of the visitor, the last counts."""
    site = start_site(tmp_path, UNLATCH_TRUSTED_PROXIES="127.0.0.1")

    statuses = [forwarded(site, f"192.0.2.{number}", "203.0.113.7") for number in range(31)]

    assert statuses == [401] * 30 + [429]


def forwarded(site, *lines):
    """What a bad answer is answered that came by others, who each wrote a line of it."""
    body = json.dumps(STALE_ANSWER)
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)
    connection.putrequest("POST", "/auth/sign-in/passkey", skip_host=True)
    for name, value in (
        ("Host", f"localhost:{site.port}"),
        ("Origin", f"http://localhost:{site.port}"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        *(("X-Forwarded-For", line) for line in lines),
    ):
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(("version", "status"), [("1.1", 200), ("1.0", 404)])
def test_nobody_reads_the_mailbox_through_a_proxy_that_adds_nothing(site, version, status):
    """nginx before 1.29.7, by `proxy_pass` alone; no browser speaks HTTP/1.0."""
    assert raw(site, f"GET /auth/dev/mailbox HTTP/{version}") == status


def test_headers_that_take_long_to_read_are_not_read(site):
    long = [f"X-{number}: {'a' * 1000}" for number in range(20)]

    assert raw(site, "GET /auth/sign-in HTTP/1.1", *long) == 431
    assert raw(site, "GET /auth/sign-in HTTP/1.1", *long[:10]) == 200


def raw(site, *lines):
    """The status of what a request like that is answered."""
    said = [*lines, f"Host: localhost:{site.port}", "Connection: close", "", ""]
    with socket.create_connection(("127.0.0.1", site.port), PATIENCE) as connection:
        connection.sendall("\r\n".join(said).encode())
        return int(connection.makefile().readline().split()[1])


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_many_at_once_are_answered(site, address):
    with ThreadPoolExecutor(16) as browsers:
        answers = list(browsers.map(lambda _: site.get("/auth/register", at=address), range(64)))

    assert {answer.status for answer in answers} == {307}


def test_somebody_registers_and_finds_the_mail(own_site):
    made = own_site.ask("POST", "/auth/register", form=REGISTRATION)
    assert made.status == 303, made.text

    assert "Hello, Mira Okafor" in own_site.get("/").text
    assert "mira@example.com" in own_site.get("/auth/account").text
    own_site.wait_until(lambda: mails(own_site), "the mail")
    assert [mail["to"] for mail in mails(own_site)] == ["mira@example.com"]


def mails(site):
    return json.loads(site.get("/auth/dev/mailbox", **JSON).text)


def test_what_is_kept_lies_in_the_instance_folder(own_site):
    own_site.ask("POST", "/auth/register", form=REGISTRATION)

    assert [path.name for path in own_site.folder.iterdir()] == ["instance"]
    assert (own_site.folder / "instance" / "unlatch.sqlite").exists()


def test_it_is_alive_and_ready(site):
    assert site.get("/healthz").status == 200
    # Which it is not while it makes its tables, where that takes more than a second.
    site.wait_until(lambda: site.get("/readyz").status == 200, "its tables")
    told = json.loads(site.get("/readyz").text)
    assert told == {"ready": True, "database": "fits", "degraded": []}


def test_half_a_body_keeps_nobody_waiting(site):
    """One visitor who never finishes a request must not stop all others."""
    head = ("POST /auth/sign-in HTTP/1.1", f"Host: localhost:{site.port}", "Content-Length: 9")
    slow = [socket.create_connection(("127.0.0.1", site.port)) for _ in range(8)]
    try:
        for connection in slow:
            connection.sendall("\r\n".join([*head, "", "half"]).encode())

        assert site.get("/").status == 200
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused(site, chunked):
    form = {"identifier": "x" * 100_000}

    assert site.ask("POST", "/auth/sign-in", form=form, chunked=chunked).status == 413


@on_linux
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_with_nothing_left_behind(own_site, by):
    (worker,) = own_site.workers
    kept_open = socket.create_connection(("localhost", own_site.port))

    trouble = own_site.stop(by)

    kept_open.close()
    assert own_site.process.returncode == 0
    assert trouble == ""
    assert not own_site.is_running(worker)
    with socket.socket(socket.AF_INET6) as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("::1", own_site.port))


def test_cookies_that_are_lost_are_told_once(own_site):
    for _ in range(2):
        own_site.get("/auth/session", Cookie="city=Z\xfcrich; other=1")
    own_site.get("/auth/session", Cookie="city=Zurich")

    assert own_site.stop().count("A browser's cookies were lost") == 1


@on_linux
def test_a_killed_server_leaves_no_worker(own_site):
    (worker,) = own_site.workers

    own_site.stop(signal.SIGKILL)

    own_site.wait_until(lambda: not own_site.is_running(worker), "the worker's end")


@on_linux
def test_a_killed_worker_is_replaced(own_site):
    """Also the second one within seconds, at which granian itself gives up."""
    for _ in range(2):
        own_site.wait_until(lambda: own_site.answers and own_site.workers, "an answer")
        (worker,) = own_site.workers
        os.kill(worker, signal.SIGKILL)
        own_site.wait_until(lambda gone=worker: not own_site.is_running(gone), "its end")

    own_site.wait_until(lambda: own_site.answers, "an answer")
    assert own_site.get("/", at="::1").status == 200


def test_a_taken_port_is_told_in_one_sentence(site, unlatch):
    ended = unlatch("serve", "--port", str(site.port))

    assert ended.returncode == 1
    assert ended.stderr == (
        f"Port {site.port} is taken: name another with --port, or none to have a free one found.\n"
    )


def test_a_host_that_is_not_here_is_told_in_one_sentence(unlatch):
    ended = unlatch("serve", "--host", "203.0.113.7", "--port", "5055")

    assert ended.returncode == 1
    assert ended.stderr == "--host is '203.0.113.7', which is no address of this machine.\n"


@pytest.mark.parametrize("settings", [{}, {"DATABASE_URL": "sqlite:///elsewhere.sqlite"}])
def test_a_folder_that_may_not_be_written_to_is_told_in_one_sentence(unlatch, tmp_path, settings):
    """A file in its place: what else keeps a user out does not keep root out."""
    (tmp_path / "instance").write_text("not a folder")

    ended = unlatch("serve", "--port", "5059", **settings)

    assert ended.returncode == 1
    assert ended.stderr == (
        f"Cannot write to {tmp_path / 'instance'}: start Unlatch in a folder of your own.\n"
    )


def test_what_is_missing_for_others_than_this_machine_is_told_at_once(unlatch):
    ended = unlatch("serve", "--host", "0.0.0.0", "--port", "5056")

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    for key in ("ORIGIN", "SECRET_KEYS", "MAIL_SERVER", "MAIL_FROM", "TRUSTED_PROXIES"):
        assert f"- UNLATCH_{key} is missing" in ended.stderr


def test_a_site_on_this_machine_may_be_no_development(unlatch):
    """Behind a proxy on the same machine."""
    ended = unlatch("serve", "--port", "5057", UNLATCH_DEVELOPMENT="0")

    assert "UNLATCH_ORIGIN is missing" in ended.stderr


def test_the_origin_of_another_machine_is_no_development(unlatch):
    """By http, which was perhaps mistyped: nothing would answer at the address that it named."""
    ended = unlatch("serve", "--port", "5057", UNLATCH_ORIGIN="http://example.com")

    assert "passkeys need https outside development" in ended.stderr


@pytest.mark.parametrize("host", ["localhost", "notes.localhost", "127.0.0.1", "[::1]"])
def test_what_is_this_machine(host):
    assert not _is_for_everybody({"UNLATCH_ORIGIN": f"http://{host}:5000"})
    assert _is_for_everybody({"UNLATCH_ORIGIN": f"http://{host.strip('[]:')}.example:5000"})


def test_it_tells_its_version(unlatch):
    assert re.search(r"\d+\.\d+\.\d+", unlatch("--version").stdout)


def test_with_settings_it_serves_the_site_they_name(start_site, tmp_path):
    site = start_site(
        tmp_path,
        UNLATCH_ORIGIN="HTTPS://Example.com",
        UNLATCH_TRUSTED_PROXIES="none",
        SECRET_KEY="kR3v9-dZ0qLw7xTn2YbHc8uJfA5sEgM1",
        MAIL_SERVER="smtp.example.com",
        MAIL_FROM="sign-in@example.com",
    )

    assert site.said == (
        f"Unlatch serves https://example.com on 127.0.0.1, port {site.port}.\nCtrl-C ends it.\n"
    )
    assert site.get("/auth/sign-in", Host="example.com").status == 200
    assert site.get("/auth/sign-in").status == 400
    assert site.get("/healthz").status == 200
    assert site.get("/auth/dev/mailbox", Host="example.com").status == 404
    said = [json.loads(line) for line in site.stop().splitlines()]  # for programs to read
    assert said[0]["event"].startswith("refused: wrong_host")


def test_no_token_gets_into_what_it_logs(own_site):
    """Whatever comes of the request: mailed links carry their token in the query, once."""
    link, token = "/auth/sign-in/email/link", "looking-for-this"
    query = f"?token={token}"

    assert own_site.get(link + query).status == 401
    assert own_site.get(link + query, at="127.0.0.1").status == 307
    assert own_site.get(link + query, Host="elsewhere.example").status == 400
    assert own_site.get("/auth/nothing" + query).status == 404
    assert own_site.ask("DELETE", link + query).status == 404
    assert own_site.ask("POST", link + query, form={"x": "x" * 100_000}).status == 413
    own_site.get(link, Referer=f"http://localhost:{own_site.port}{link}{query}")

    assert token not in own_site.stop_all()


def test_the_example_of_settings_must_be_filled_in(unlatch, tmp_path, request):
    example = request.config.rootpath / ".env.example"
    (tmp_path / ".env").write_text(example.read_text())

    ended = unlatch("serve", "--host", "0.0.0.0", "--port", "5058")

    assert ended.returncode == 1
    assert "is shorter than 32 bytes or a placeholder" in ended.stderr
