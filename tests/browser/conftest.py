"""A real site, real browsers, and devices that hold real keys.

Whatever a page says in the console, every error, every breach of the content security policy
and every dialog fails the test, unless the test said that it expects it.
"""

import itertools
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask, request
from host import QUICK
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Locator,
    Page,
    Route,
    expect,
)
from werkzeug.serving import make_server

from unlatch import Unlatch, current_account, fresh_sign_in_required, sign_in_required
from unlatch.core import decoys, slow_hash
from unlatch.flask.sender.reading import body, code_in
from unlatch.flask.state import DATABASE_FILE
from unlatch.server.app import create_app
from unlatch.stores import open_database
from unlatch.testing import Outbox, SoftAuthenticator, SoftCredential
from unlatch.testing.answers import raw, text

ROOT = Path(__file__).parents[2]
PHONE, DESKTOP = 360, 1280
ANY_DEVICE: Mapping[str, Any] = {}

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP localhost 127.0.0.1",
)

# Tells a test what the page asked the device for, without changing it.
REMEMBER_ASKS = """
globalThis.asked = [];
for (const name of ["get", "create"]) {
  const real = navigator.credentials?.[name];
  if (real) navigator.credentials[name] = function (options) {
    asked.push(options.mediation ?? name);
    return real.call(this, options);
  };
}
"""

expect.set_options(timeout=10_000)  # A machine with two cores and two workers may be slow.


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """E2E_CHROMIUM as `make test` sets it, where empty is Playwright's own; else what
    `make test` would find.
    """
    path = os.environ.get("E2E_CHROMIUM")
    if path is None:
        finder = [sys.executable, str(ROOT / "scripts/browser.py"), "--no-install"]
        path = subprocess.run(finder, capture_output=True, text=True, check=True).stdout.strip()
    return {**browser_type_launch_args, "executable_path": path or None, "args": FLAGS}


# --- the site -------------------------------------------------------------------------------


@dataclass
class Site:
    """A host's app with Unlatch on it, on a port of its own.

    Attributes:
        outbox: Its mails; on a site with the development mailbox it stays empty.
        requests: What browsers asked it for, like `"POST /auth/sign-in"`.
    """

    app: Flask
    outbox: Outbox
    url: str
    requests: list[str] = field(default_factory=list)

    @property
    def code(self) -> str:
        """The newest code; a notice without one may have come after it."""
        codes = (code_in(body(mail, "plain")) for mail in reversed(self.outbox.mails))
        return next(filter(None, codes))

    def posts(self) -> list[str]:
        return [one for one in self.requests if not one.startswith("GET ")]

    def register(self, username: str = "mira", **changes: Any) -> "Resident":
        """Somebody with a confirmed address and one passkey, made over HTTP and signed out."""
        resident = Resident(self, username, **changes)
        resident.register()
        return resident


@dataclass
class Resident:
    """Somebody who has an account."""

    site: Site
    username: str
    name: str = "Mira Okafor"
    address: str = "mira@example.com"
    passkeys: int = 1
    confirmed: bool = True
    keys: list[SoftCredential] = field(default_factory=list)

    def register(self) -> None:
        site, client = self.site, self.site.app.test_client()

        def post(path: str, **body: Any) -> Any:
            headers = {"Origin": site.url}
            answer = client.post(f"/auth{path}", base_url=site.url, headers=headers, **body)
            assert answer.status_code < 400, answer.text
            return answer.json

        form = {"name": self.name, "username": self.username, "email": self.address}
        post("/register", data=form)
        if self.confirmed:
            post("/account/email/code", data={"code": site.code})
        for _ in range(self.passkeys):
            key = SoftAuthenticator(origin=site.url)
            options = post("/account/passkeys/options", json={})["publicKey"]
            options["excludeCredentials"] = []  # a device of its own for each
            post("/account/passkeys", json=key.create(options))
            self.keys += key.credentials
        post("/sign-out")
        site.outbox.clear()
        site.requests.clear()


def host(folder: Path, **config: object) -> Flask:
    """The host's own pages: for everybody, for the signed in, for the freshly so."""
    app = Flask("host", instance_path=str(folder))
    app.config.update(TESTING=True, UNLATCH_SITE_NAME="Acme Notes", **config)
    Unlatch(app)
    page = "<!doctype html><html lang=en><title>{0}</title><h1>{0}</h1>".format

    @app.get("/")
    def home() -> str:
        return page("Acme Notes")

    @app.get("/notes")
    @sign_in_required
    def notes() -> str:
        return page(f"Notes of {current_account.username}")

    @app.get("/vault")
    @fresh_sign_in_required(max_age=300)
    def vault() -> str:
        return page("The vault")

    return app


def serve(app: Flask, *, outbox: bool = True) -> tuple[Site, Callable[[], None]]:
    """It, on a port of its own, and what ends that."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    site = Site(app, Outbox(app if outbox else None), f"http://localhost:{server.port}")
    app.before_request(lambda: site.requests.append(f"{request.method} {request.path}"))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    return site, stop


@pytest.fixture(autouse=True)
def decoys_of_this_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """One in nine is a security key's. The device is none, so Chromium would wait for minutes."""
    monkeypatch.setattr(decoys, "_SHAPES", ((256, 32, ("internal",)),))
    monkeypatch.setattr(decoys, "_LIMITS", (256,))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: a copy of it costs less than its migrations."""
    folder = tmp_path_factory.mktemp("database")
    database = open_database(f"sqlite:///{folder / 'made.sqlite'}", upgrade_itself=True)
    database.make_ready()
    database.backup(folder / "empty.sqlite")
    database.close()
    return folder / "empty.sqlite"


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def start_site(
    tmp_path: Path,
    empty_database: Path,
    compiled: FileSystemBytecodeCache,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Site]]:
    """`start_site(outbox=True, **config)`: a server that ends with the test."""
    monkeypatch.setattr(slow_hash, "_HASHER", QUICK)
    stops: list[Callable[[], None]] = []

    def start(*, outbox: bool = True, **config: object) -> Site:
        folder = tmp_path / f"instance{len(stops)}"
        folder.mkdir()
        shutil.copy(empty_database, folder / DATABASE_FILE)
        app = host(folder, **config)
        app.jinja_env.bytecode_cache = compiled
        site, stop = serve(app, outbox=outbox)
        stops.append(stop)
        return site

    yield start
    for stop in stops:
        stop()


@pytest.fixture
def site(start_site: Callable[..., Site]) -> Site:
    return start_site()


@pytest.fixture
def ready_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The pages of `unlatch serve`, in development."""
    monkeypatch.chdir(tmp_path)
    site, stop = serve(create_app({"UNLATCH_DEVELOPMENT": "1"}))
    yield site
    stop()


@pytest.fixture
def mira(site: Site) -> Resident:
    return site.register()


# --- the device -----------------------------------------------------------------------------

_counters = itertools.count(1000, 1000)


class Device:
    """What answers a page's passkey requests: a virtual authenticator of Chromium's.

    Attributes:
        forgotten: Ids of the passkeys that the page told it to forget.
    """

    def __init__(self, page: Page, *, verifies: bool = True, transport: str = "internal") -> None:
        self._cdp = page.context.new_cdp_session(page)
        self.forgotten: list[str] = []
        self._lost: list[str] = []
        self._cdp.on("WebAuthn.credentialDeleted", self._forgot)
        self._cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": transport,
            "hasResidentKey": True,
            "hasUserVerification": verifies,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
            "defaultBackupEligibility": True,
            "defaultBackupState": True,
        }
        self.id = self._send("addVirtualAuthenticator", options=options)["authenticatorId"]

    def hold(self, *keys: SoftCredential) -> None:
        """Put passkeys on it that were made elsewhere. Their counters begin where no other
        device's have been, so that none of them looks like a copy.
        """
        for key in keys:
            private = key.private_key.private_bytes(
                Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
            )
            credential = {
                "credentialId": standard(text(key.id)),
                "isResidentCredential": True,
                "rpId": key.rp_id,
                "privateKey": standard(text(private)),
                "userHandle": standard(text(key.user_handle)),
                "signCount": next(_counters),
                "backupEligibility": key.backup_eligible,
                "backupState": key.backed_up,
            }
            self._on_it("addCredential", credential=credential)

    def passkeys(self) -> list[bytes]:
        """The ids of what it holds."""
        held = self._on_it("getCredentials")["credentials"]
        return [raw(urlsafe(one["credentialId"])) for one in held]

    def drop(self) -> None:
        """Lose all passkeys."""
        self._lost += map(text, self.passkeys())
        self._on_it("clearCredentials")

    def leave(self) -> None:
        """Nobody touches it."""
        self._on_it("setAutomaticPresenceSimulation", enabled=False)

    def touch(self) -> None:
        """It is touched at once whenever it asks."""
        self._on_it("setAutomaticPresenceSimulation", enabled=True)

    def mistake(self) -> None:
        """The finger is not recognised."""
        self._on_it("setUserVerified", isUserVerified=False)

    def recognise(self) -> None:
        self._on_it("setUserVerified", isUserVerified=True)

    def lie(self, **bits: bool) -> None:
        """`isBogusSignature`, `isBadUV`, `isBadUP`."""
        self._on_it("setResponseOverrideBits", **bits)

    def _forgot(self, event: dict[str, Any]) -> None:
        forgotten = urlsafe(event["credentialId"])
        if forgotten not in self._lost:
            self.forgotten.append(forgotten)

    def _on_it(self, command: str, **arguments: Any) -> Any:
        return self._send(command, authenticatorId=self.id, **arguments)

    def _send(self, command: str, **arguments: Any) -> Any:
        return self._cdp.send(f"WebAuthn.{command}", arguments)


def standard(encoded: str) -> str:
    """Base64 as Chromium's protocol wants it."""
    return encoded.replace("-", "+").replace("_", "/") + "=" * (-len(encoded) % 4)


def urlsafe(encoded: str) -> str:
    return encoded.replace("+", "-").replace("/", "_").rstrip("=")


# --- the browser ----------------------------------------------------------------------------


def until(page: Page, seen: Callable[[], object]) -> None:
    """Wait for what no locator shows, like an event; events arrive while Playwright waits."""
    deadline = time.monotonic() + 10
    while not seen():
        assert time.monotonic() < deadline, "it did not come"
        page.wait_for_timeout(20)


class OnTheirWay:
    """Requests that left the page and have not reached the site."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.routes: list[Route] = []

    def hold(self, route: Route) -> None:
        self.routes.append(route)

    def wait(self) -> None:
        """Until there is one."""
        until(self._page, lambda: self.routes)

    def let_go(self) -> None:
        for route in self.routes:
            route.continue_()


class Visitor:
    """Somebody at a browser, with a device.

    Attributes:
        device: Of the first page. Each page has its own; see `another_tab`.
    """

    page: Page
    device: Device

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.context = context
        self.site = site
        self._complaints: list[str] = []
        self._expected: list[str] = []
        context.on("console", self._console)
        context.on("weberror", lambda error: self._complaints.append(str(error.error)))
        context.on("dialog", self._dialog)

    def another_tab(self, **device: Any) -> tuple[Page, Device]:
        page = self.context.new_page()
        return page, Device(page, **device)

    def goto(self, path: str) -> None:
        self.page.goto(path)

    def press(self, label: str) -> None:
        self.page.get_by_role("button", name=label, exact=True).click()

    def follow(self, label: str) -> None:
        self.page.get_by_role("link", name=label, exact=True).click()

    def type(self, label: str, words: str) -> None:
        self.page.get_by_label(label).fill(words)

    def paste(self, words: str) -> None:
        """Into the field that has the focus."""
        self.page.keyboard.insert_text(words)

    @property
    def toast(self) -> Locator:
        return self.page.locator("[data-toast]")

    @property
    def trouble(self) -> Locator:
        """What went wrong, at the top of the card."""
        return self.page.locator("#unlatch-card .unlatch-trouble[role=alert]")

    def sees(self, heading: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def is_at(self, path: str) -> None:
        """The path of the address, whatever follows it."""
        expect(self.page).to_have_url(re.compile(rf"^{re.escape(self.site.url + path)}(\?|#|$)"))

    def arrive_at_account(self) -> None:
        self.is_at("/auth/account")
        self.sees("Your account")

    def sign_in(self, resident: Resident, key: int = 0) -> None:
        """The quickest way: the device holds the passkey and autofill offers it."""
        self.device.hold(resident.keys[key])
        self.goto("/auth/sign-in")
        self.arrive_at_account()

    @property
    def passkey_button(self) -> Locator:
        return self.page.locator("#unlatch-card [data-passkey]")

    def hold(self, pattern: str, times: int | None = None) -> "OnTheirWay":
        """Hold back what the first page asks of these addresses."""
        held = OnTheirWay(self.page)
        self.page.route(pattern, held.hold, times=times)
        return held

    def looks_away(self) -> None:
        self._look(hidden=True)

    def looks_again(self) -> None:
        self._look(hidden=False)

    def _look(self, *, hidden: bool) -> None:
        self.page.evaluate(
            """hidden => {
              Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
              document.dispatchEvent(new Event("visibilitychange"));
            }""",
            hidden,
        )

    def ask_mail(self, identifier: str = "mira@example.com", first: str = "/auth/sign-in") -> None:
        """From the first page to the one that asks for the code."""
        self.ask_mail_in_vain(identifier, first)
        self.sees("Check your email")

    def ask_mail_in_vain(self, identifier: str, first: str = "/auth/sign-in") -> None:
        """The same, where another page comes."""
        self.goto(first)
        self.type("Email or username", identifier)
        self.press("Continue")
        self.press("Email me a sign-in link")

    def sign_in_by_mail(self) -> None:
        self.ask_mail()
        self.type("Code", self.site.code)
        self.press("Sign in")
        self.arrive_at_account()

    def waits_for_autofill(self, page: Page | None = None) -> None:
        """Until the device was asked to offer passkeys in the field; of another tab, if named."""
        page = page or self.page
        # Not `wait_for_function`: it evaluates strings in the page, which the policy forbids.
        until(page, lambda: page.evaluate("asked.includes('conditional')"))

    def until(self, seen: Callable[[], object]) -> None:
        until(self.page, seen)

    @contextmanager
    def one_page(self) -> Iterator[None]:
        """Within, the page is never loaded anew: what is put on `window` is still there."""
        self.page.evaluate("window.mark = 'the same page'")
        yield
        assert self.page.evaluate("window.mark") == "the same page"

    @contextmanager
    def another_page(self) -> Iterator[None]:
        """Within, the page is loaded anew, by whatever way; afterwards it is there."""
        self.page.evaluate("window.mark = 'the page before'")
        yield
        self.until(self._is_unmarked)
        self.page.wait_for_load_state()

    def _is_unmarked(self) -> bool:
        try:
            return bool(self.page.evaluate("!window.mark"))
        except Error:
            return False  # just now between two pages

    def expects(self, *complaints: str) -> None:
        """What the console will say, in part, like "status of 401"; it must come."""
        self._expected += complaints

    def complaints(self) -> list[str]:
        """What nobody expected, and what was expected and never came."""
        for page in self.context.pages:
            page.title()  # all that was said until now arrives before its answer
        unexpected = [one for one in self._complaints if not any(e in one for e in self._expected)]
        missing = [e for e in self._expected if not any(e in one for one in self._complaints)]
        return unexpected + [f"expected in the console, but not said: {one}" for one in missing]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            self._complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def _dialog(self, dialog: Dialog) -> None:
        self._complaints.append(f"a dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def width() -> int:
    """Of the window; the main flows are walked at both."""
    return DESKTOP


@pytest.fixture
def visit(
    new_context: Callable[..., BrowserContext], site: Site, width: int
) -> Iterator[Callable[..., Visitor]]:
    """`visit(site, key=…, **context)`: a browser that was never here. `key` says what its
    device is (see `Device`), or None for a browser without.
    """
    visitors: list[Visitor] = []

    def open_browser(
        at: Site = site,
        key: Mapping[str, Any] | None = ANY_DEVICE,
        **options: Any,
    ) -> Visitor:
        size = {"width": width, "height": 740 if width == PHONE else 900}
        settings = {"viewport": size, "base_url": at.url, "reduced_motion": "reduce", **options}
        visitor = Visitor(new_context(**settings), at)
        visitors.append(visitor)
        visitor.page = visitor.context.new_page()
        if key is not None:
            visitor.context.add_init_script(REMEMBER_ASKS)
            visitor.device = Device(visitor.page, **key)
        return visitor

    yield open_browser
    assert not [one for visitor in visitors for one in visitor.complaints()]


@pytest.fixture
def visitor(visit: Callable[..., Visitor]) -> Visitor:
    return visit()
