"""What the sender's tests share: a clock that only moves when told, letters from the real
templates, mail servers that answer as a test wants.
"""

import asyncio
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import jinja2
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import unlatch.core
from unlatch.core.kinds import Purpose
from unlatch.core.mailed import Minted
from unlatch.core.records import Account, Mail
from unlatch.core.secrets import random_code
from unlatch.core.times import DAY, MINUTE, SECOND
from unlatch.flask.sender import Letters, Sender
from unlatch.mail_server import MailServer
from unlatch.stores.memory import MemoryStores

START = 1_800_000_000 * SECOND
TEMPLATES = Path(unlatch.core.__file__).parents[1] / "flask" / "templates"


class Clock:
    """Moves only when told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def anna():
    return Account(
        id="6d3d0c1e-0000-4000-8000-000000000001",
        username="anna",
        username_key="anna",
        display_name="Anna <b>",
        address="anna@example.org",
        address_key="anna@example.org",
        user_handle=b"h" * 64,
        browser_hash=b"",
        created_at=START,
        confirmed_at=START,
    )


@pytest.fixture
def asked_mail(anna):
    """`asked_mail(purpose, **changes)`: a row that asks for a mail to Anna."""
    numbers = count(1)

    def ask(purpose: Purpose = Purpose.SIGN_IN, **changes: Any) -> Mail:
        mail = Mail(
            id=f"00000000-0000-4000-8000-{next(numbers):012}",
            account_id=anna.id,
            purpose=purpose,
            binding_hash=b"" if purpose.is_notice else next(numbers).to_bytes(32),
            session_id=None,
            origin="https://site.example",
            next="",
            user_agent="Mozilla/5.0 (Windows NT 10.0) Chrome/139.0.0.0 Safari/537.36",
            asked_at=START,
            expires_at=START + (DAY if purpose.is_notice else 10 * MINUTE),
            due_at=START,
        )
        return replace(mail, **changes)

    return ask


class Minter:
    """Mints as the real one does, without the slow hash, and remembers what."""

    def __init__(self) -> None:
        self.minted: list[Minted] = []
        self._numbers = count()

    def mint(self, mail: Mail, *, with_code: bool) -> Minted:
        number = next(self._numbers)
        token, hashed = f"token-{number}", f"hash-{number}"
        linked = mail.purpose is not Purpose.FRESH
        minted = Minted(
            token if linked else None,
            hashed if linked else None,
            random_code() if with_code else None,
            f"code-{number}" if with_code else None,
        )
        self.minted.append(minted)
        return minted


@pytest.fixture
def minter():
    return Minter()


@pytest.fixture
def make_letters():
    """`make_letters(site_name)`: letters from the real templates."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
    )

    def make(site_name: str) -> Letters:
        return Letters(
            render=lambda name, context: env.get_template(name).render(context),
            site_name=site_name,
            sender="unlatch@site.example",
            link_path=lambda purpose, token: f"/auth/{purpose.value}/link?token={token}",
            account_path="/auth/account",
        )

    return make


@pytest.fixture
def letters(make_letters):
    return make_letters("Tom & Co")


@pytest.fixture
def stores():
    return MemoryStores()


@pytest.fixture
def ask(stores, asked_mail, anna):
    """`ask(purpose, **changes)`: put a row for Anna into the store, as a request does."""
    with stores.unit() as unit:
        unit.accounts.add(anna, stale_before=0)

    def ask(purpose: Purpose = Purpose.SIGN_IN, **changes: Any):
        mail = asked_mail(purpose, **changes)
        with stores.unit() as unit:
            unit.mails.ask(mail)
        return mail

    return ask


@pytest.fixture
def make_sender(stores, minter, letters, clock):
    """`make_sender(transport)`: a sender over the test's store, minter and clock."""

    def make(transport, **changes):
        parts = {"stores": stores, "minter": minter, "letters": letters, "clock": clock}
        parts |= {"events_kept": 365 * DAY}
        return Sender(**parts | {"transport": transport, "worker": "inline"} | changes)

    return make


class Handler:
    """What the mail server does: takes mail, after the answers it was given are used up."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.to: list[list[str]] = []
        self.answers: dict[str, list[str]] = {"RCPT": [], "DATA": []}
        self.seen: list[bytes] = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.answers["RCPT"]:
            return self.answers["RCPT"].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.seen.append(envelope.content)
        if self.answers["DATA"]:
            return self.answers["DATA"].pop(0)
        self.taken.append(envelope.content)
        self.to.append(envelope.rcpt_tos)
        return "250 OK"


@pytest.fixture
def handler():
    return Handler()


def _authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data == LoginPassword(b"postman", b"right")
    return AuthResult(success=good, handled=False)


@contextmanager
def _serving(handler: Handler, **options: Any) -> Iterator[int]:
    """A real SMTP server on a free port of this machine."""
    from_the_start = options.pop("from_the_start", None)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def listen():
        return await loop.create_server(
            lambda: SMTP(handler, loop=loop, **options), "127.0.0.1", 0, ssl=from_the_start
        )

    async def close(server):
        server.close()
        await server.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(5)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(close(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@pytest.fixture
def plain_server(handler):
    with _serving(handler, enable_SMTPUTF8=True) as port:
        yield server_at(port)


@pytest.fixture
def starttls_server(handler, certificate):
    """Wants STARTTLS and then a login: postman, right."""
    with _serving(
        handler,
        tls_context=certificate.server,
        require_starttls=True,
        authenticator=_authenticate,
        auth_required=True,
    ) as port:
        yield server_at(port, username="postman", password="right", security="starttls")


@pytest.fixture
def tls_server(handler, certificate):
    with _serving(handler, from_the_start=certificate.server) as port:
        yield server_at(port, security="tls")


def server_at(port: int, **changes: Any) -> MailServer:
    values: dict[str, Any] = {
        "host": "localhost",
        "port": port,
        "username": "",
        "password": "",
        "sender": "unlatch@site.example",
        "security": "none",
    }
    return MailServer(**values | changes)


class Certificate:
    """Self-signed, for localhost: `server` shows it, `client` trusts it and nothing else."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        names = [x509.DNSName("localhost")]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + day)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem, key_pem = folder / "certificate.pem", folder / "key.pem"
        pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self.server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.server.load_cert_chain(pem, key_pem)
        self.client = ssl.create_default_context(cafile=pem)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("certificate"))


Script = Callable[[socket.socket, threading.Event], None]


class OddServers:
    """Servers whose every connection runs a script of the test's, given the socket and an
    event that is set when the test is over.
    """

    def __init__(self) -> None:
        self._over = threading.Event()
        self._listeners: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __call__(self, script: Script) -> MailServer:
        listener = socket.create_server(("127.0.0.1", 0))
        self._listeners.append(listener)
        self._begin(self._listen, listener, script)
        return server_at(listener.getsockname()[1], host="127.0.0.1")

    def _begin(self, work, *args) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self, listener: socket.socket, script: Script) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self._begin(self._answer, connection, script)

    def _answer(self, connection: socket.socket, script: Script) -> None:
        with connection, suppress(OSError):
            script(connection, self._over)

    def close(self) -> None:
        self._over.set()
        for listener in self._listeners:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in list(self._threads):
            thread.join(5)


@pytest.fixture
def odd_server():
    """`odd_server(script)`: where such a server is."""
    servers = OddServers()
    yield servers
    servers.close()
