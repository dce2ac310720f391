"""SMTP: what leaves, and for each way of not leaving whether it may be tried again."""

import socket
import ssl
import threading
import time
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from unlatch.flask.sender import PerhapsTaken, RefusedForGood, SmtpTransport, TryLater
from unlatch.mail_server import MailServer


@pytest.fixture
def message():
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "Site <unlatch@site.example>"
    message["To"] = "anna@example.org"
    message["Subject"] = "Sign in"
    message.set_content("one\n.\n..two\n")
    return message


def test_a_mail_arrives_whole_over_starttls_with_a_login(
    starttls_server, certificate, handler, message
):
    SmtpTransport(starttls_server, tls=certificate.client).send(message)

    (content,) = handler.taken
    received = message_from_bytes(content, EmailMessage, policy=policy.default)
    assert received.get_content() == "one\r\n.\r\n..two\r\n"
    assert handler.to == [["anna@example.org"]]


def test_a_mail_arrives_over_tls_from_the_start(tls_server, certificate, handler, message):
    SmtpTransport(tls_server, tls=certificate.client).send(message)

    assert len(handler.taken) == 1


def test_a_mail_arrives_at_a_plain_server(plain_server, handler, message):
    SmtpTransport(plain_server).send(message)

    assert len(handler.taken) == 1


def test_a_name_that_is_looked_up_for_ever_ends_at_the_deadline(plain_server, message, monkeypatch):
    """Which has no time-out of its own, and no connection yet that could be cut."""
    let_go, found = threading.Event(), threading.Event()

    def look_up(*_, **__):
        let_go.wait(20)
        found.set()
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    with pytest.raises(TryLater, match="no answer from the mail server"):
        SmtpTransport(plain_server, deadline=0.1).send(message)
    assert not found.is_set()
    let_go.set()
    assert found.wait(20)


def test_it_says_when_a_mail_begins_to_be_taken(plain_server, handler, message):
    """After the last answer that could have been a no, and before the first byte of the mail."""
    handler.answers["RCPT"].append("550 no")
    seen: list[tuple[int, int]] = []

    def begins():
        seen.append((len(handler.answers["RCPT"]), len(handler.seen)))

    with pytest.raises(RefusedForGood):
        SmtpTransport(plain_server).send_saying_when(message, begins)
    assert seen == []
    SmtpTransport(plain_server).send_saying_when(message, begins)

    assert seen == [(0, 0)]
    assert len(handler.taken) == 1


def test_what_keeps_a_mail_from_beginning_keeps_it_from_leaving(plain_server, handler, message):
    def begins():
        raise LookupError

    with pytest.raises(LookupError):
        SmtpTransport(plain_server).send_saying_when(message, begins)

    assert handler.seen == []


def test_where_nobody_answers_it_says_where_and_what_to_look_at(plain_server, message):
    server = replace(plain_server, port=1)

    with pytest.raises(TryLater, match="no answer from the mail server") as refused:
        SmtpTransport(server).send(message)

    assert "UNLATCH_MAIL_SERVER, UNLATCH_MAIL_PORT" in refused.value.cure
    assert f"now {server.host}, {server.port}, none" in refused.value.cure


@pytest.mark.parametrize("server", ["starttls_server", "tls_server"])
def test_a_certificate_nobody_vouches_for_gets_no_mail(request, server, handler, message):
    with pytest.raises(TryLater, match="no encrypted connection") as refused:
        SmtpTransport(request.getfixturevalue(server)).send(message)

    assert "UNLATCH_MAIL_SECURITY" in refused.value.cure
    assert handler.seen == []


def test_a_certificate_for_another_name_gets_no_mail(
    starttls_server, certificate, handler, message
):
    other_name = replace(starttls_server, host="127.0.0.1")

    with pytest.raises(TryLater, match="SSLCertVerificationError"):
        SmtpTransport(other_name, tls=certificate.client).send(message)


def test_without_starttls_nothing_is_said_in_the_clear(odd_server, certificate, message):
    """A man in the middle strikes STARTTLS from the list: no login, no mail."""
    said: list[bytes] = []
    server = replace(odd_server(_taking_all(said)), security="starttls", username="u", password="p")

    with pytest.raises(TryLater, match="offers no STARTTLS") as refused:
        SmtpTransport(server, tls=certificate.client).send(message)
    assert "UNLATCH_MAIL_USERNAME" in refused.value.cure  # nor may it offer a login

    assert {line.split()[0].upper() for line in said} <= {b"EHLO", b"HELO", b"QUIT"}


def test_words_said_before_starttls_are_not_believed_after_it(odd_server, certificate, message):
    """An answer slipped in behind "go ahead" is thrown away with the unencrypted stream."""

    def slips_in(connection, over):
        lines = connection.makefile("rb")
        connection.sendall(b"220 hello\r\n")
        lines.readline()
        connection.sendall(b"250-hello\r\n250 STARTTLS\r\n")
        lines.readline()
        connection.sendall(b"220 go ahead\r\n250 AUTH PLAIN\r\n")
        with certificate.server.wrap_socket(connection, server_side=True) as secret:
            secret.recv(100)

    server = replace(odd_server(slips_in), host="localhost", security="starttls")
    with pytest.raises(TryLater):
        SmtpTransport(server, tls=certificate.client, deadline=2).send(message)


def test_a_wrong_password_is_an_operators_slip(starttls_server, certificate, message):
    wrong = replace(starttls_server, password="wrong")

    with pytest.raises(TryLater, match="refused our login") as refused:
        SmtpTransport(wrong, tls=certificate.client).send(message)

    assert refused.value.status.startswith("535")
    assert "UNLATCH_MAIL_PASSWORD" in refused.value.cure
    assert "wrong" not in str(refused.value)


def test_a_password_that_smtp_cannot_say_is_an_operators_slip(
    starttls_server, certificate, message
):
    odd = replace(starttls_server, password="pässword")

    with pytest.raises(TryLater, match="must be ASCII") as refused:
        SmtpTransport(odd, tls=certificate.client).send(message)

    assert refused.value.cure
    assert refused.value.__cause__ is None


def test_a_login_that_is_wanted_and_not_set_is_an_operators_slip(
    starttls_server, certificate, message
):
    with pytest.raises(TryLater, match="530") as refused:
        SmtpTransport(replace(starttls_server, username=""), tls=certificate.client).send(message)

    assert refused.value.cure


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ("421 closing", TryLater),
        ("450 busy", TryLater),
        ("451 4.7.1 later, anna@example.org", TryLater),
        ("452 full", TryLater),
        ("550 5.1.1 no anna@example.org here", RefusedForGood),
        ("552 too large", RefusedForGood),
        ("554 no", RefusedForGood),
    ],
)
def test_what_the_server_says_decides(plain_server, handler, message, step, answer, meaning):
    """A clean answer is a clean answer, also the one after DATA."""
    handler.answers[step].append(answer)

    with pytest.raises(meaning) as refused:
        SmtpTransport(plain_server).send(message)

    assert answer[:3] in refused.value.status
    assert "anna" not in str(refused.value)


def test_the_enhanced_status_is_told_too(plain_server, handler, message):
    handler.answers["RCPT"].append("550 5.1.1 no such user")

    with pytest.raises(RefusedForGood) as refused:
        SmtpTransport(plain_server).send(message)

    assert refused.value.status == "550 5.1.1"


@pytest.mark.parametrize("greeting", [b"421 busy\r\n", b"554 go away\r\n", b"nonsense\r\n", b""])
def test_a_server_that_does_not_greet_is_asked_later(odd_server, message, greeting):
    """Even 554: it says so before knowing the mail, so it cannot mean the mail."""

    def script(connection, over):
        connection.sendall(greeting)

    with pytest.raises(TryLater):
        SmtpTransport(odd_server(script)).send(message)


def test_a_server_that_is_not_there_is_asked_later(message):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(TryLater, match="ConnectionRefusedError"):
        SmtpTransport(_at(port)).send(message)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".example"])
def test_a_server_without_an_address_is_asked_later(message, host):
    with pytest.raises(TryLater):
        SmtpTransport(replace(_at(25), host=host)).send(message)


@pytest.mark.parametrize("last_words", [b"EHLO", b"MAIL", b"RCPT", b"DATA"])
def test_cut_off_before_the_mail_is_taken_it_may_be_tried_again(odd_server, message, last_words):
    with pytest.raises(TryLater):
        SmtpTransport(odd_server(_cutting_off_at(last_words))).send(message)


def test_cut_off_after_data_it_may_have_arrived(odd_server, message):
    with pytest.raises(PerhapsTaken):
        SmtpTransport(odd_server(_cutting_off_at(b"."))).send(message)


@pytest.mark.parametrize("answer", [b"354 what\r\n", b"nonsense\r\n", b"x" * 10_000 + b"\r\n"])
def test_nonsense_after_data_means_it_may_have_arrived(odd_server, message, answer):
    with pytest.raises(PerhapsTaken):
        SmtpTransport(odd_server(_answering(b".", answer))).send(message)


@pytest.mark.parametrize("step", [b"MAIL", b"RCPT", b"DATA"])
@pytest.mark.parametrize("answer", [b"nonsense\r\n", b"x" * 10_000 + b"\r\n"])
def test_nonsense_before_data_means_nothing_was_taken(odd_server, message, step, answer):
    with pytest.raises(TryLater):
        SmtpTransport(odd_server(_answering(step, answer))).send(message)


def test_a_server_that_hangs_is_given_up(odd_server, message):
    def hangs(connection, over):
        over.wait(30)

    began = time.monotonic()
    with pytest.raises(TryLater):
        SmtpTransport(odd_server(hangs), deadline=0.1).send(message)

    assert time.monotonic() - began < 5


def test_a_server_that_drips_is_given_up(odd_server, message):
    """One byte at a time, each well within a read's time-out, and never a whole line."""

    def drips(connection, over):
        while not over.wait(0.01):
            connection.sendall(b"2")

    began = time.monotonic()
    with pytest.raises(TryLater):
        SmtpTransport(odd_server(drips), deadline=0.2).send(message)

    assert time.monotonic() - began < 5


def test_a_tls_handshake_that_drips_is_given_up(odd_server, certificate, message):
    """TLS takes the socket over; the deadline reaches the connection all the same."""
    record = b"\x16\x03\x03\x40\x00"

    def drips(connection, over):
        connection.sendall(record)
        while not over.wait(0.01):
            connection.sendall(b"\x00")

    server = replace(odd_server(drips), security="tls")
    began = time.monotonic()
    with pytest.raises(TryLater):
        SmtpTransport(server, tls=certificate.client, deadline=0.2).send(message)

    assert time.monotonic() - began < 5


def test_a_server_that_hangs_after_data_may_have_taken_it(odd_server, message):
    def hangs(connection, over):
        _cutting_off_at(b".")(connection, over)
        over.wait(30)

    with pytest.raises(PerhapsTaken):
        SmtpTransport(odd_server(hangs), deadline=0.2).send(message)


def test_a_server_that_does_not_say_goodbye_has_taken_the_mail(odd_server, message):
    said: list[bytes] = []

    SmtpTransport(odd_server(_cutting_off_at(b"QUIT", said))).send(message)

    assert b"QUIT\r\n" in [line.upper() for line in said]


def test_an_international_address_is_spoken_in_utf8(plain_server, handler, message):
    international = EmailMessage(policy=policy.SMTPUTF8)
    international["From"] = "unlatch@site.example"
    international["To"] = "jörg@xn--bcher-kva.example"
    international.set_content("hello\n")

    SmtpTransport(plain_server).send(international)

    assert handler.to == [["jörg@xn--bcher-kva.example"]]


def test_an_international_address_at_an_older_server_is_refused(tls_server, certificate, message):
    message.replace_header("To", "jörg@example.org")

    with pytest.raises(RefusedForGood, match="international"):
        SmtpTransport(tls_server, tls=certificate.client).send(message)


def test_certificates_are_checked_unless_told_otherwise():
    checks = SmtpTransport(_at(465))._checks()

    assert checks.verify_mode is ssl.CERT_REQUIRED
    assert checks.check_hostname


def test_the_password_is_not_shown():
    assert "sesame" not in repr(SmtpTransport(replace(_at(25), password="sesame")))


_COMMANDS = (b"EHLO", b"HELO", b"MAIL", b"RCPT", b"QUIT")


def _at(port: int) -> MailServer:
    return MailServer(
        host="127.0.0.1",
        port=port,
        username="",
        password="",
        sender="unlatch@site.example",
        security="none",
    )


def _taking_all(said: list[bytes]):
    return _cutting_off_at(b"never", said)


def _cutting_off_at(word: bytes, said: list[bytes] | None = None):
    """A server that is well until a line begins with `word`, and then gone."""
    return _answering(word, b"", said)


def _answering(word: bytes, answer: bytes, said: list[bytes] | None = None):
    """A server that is well until a line begins with `word`: it says `answer` and is gone."""

    def script(connection, over):
        connection.sendall(b"220 hello\r\n")
        for line in connection.makefile("rb"):
            if said is not None:
                said.append(line)
            if line.upper().startswith(word) and not (word == b"." and line != b".\r\n"):
                connection.sendall(answer)
                return
            if line.upper().startswith(b"DATA"):
                connection.sendall(b"354 go on\r\n")
            elif line == b".\r\n" or line.upper().startswith(_COMMANDS):
                connection.sendall(b"250 fine\r\n")

    return script
