"""Photograph every state of every page, at three widths, light and dark.

    python scripts/screenshots.py                 all of it, into build/screenshots
    python scripts/screenshots.py account fresh   only what has one of these in its name
    python scripts/screenshots.py --readme        those of the README, into docs/screenshots

A real app serves on a free port and a real browser walks through it, with a virtual
authenticator in place of a finger; what cannot be walked to (a broken server, a database
that is away) is made to happen in the app.
"""

import argparse
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, NoReturn

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from unlatch.errors import StoreError
from unlatch.server.app import create_app

ROOT = Path(__file__).parent.parent
WIDTHS = {360: 740, 768: 900, 1280: 900}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
README = ("sign-in", "passkey-new", "account")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/150.0.0.0 Safari/537.36"
)

Story = Callable[["Studio"], None]
stories: list[Story] = []


def story(tell: Story) -> Story:
    """One walk through some pages, by people who have not been here before."""
    stories.append(tell)
    return tell


class Studio:
    """A site, a browser, and a folder for the pictures."""

    def __init__(self, site: str, app: Flask, browser: Browser, shots: "Shots") -> None:
        self.site = site
        self.app = app
        self.shots = shots
        self._browser = browser

    @contextmanager
    def set_to(self, **settings: str) -> Iterator["Studio"]:
        """The same with another site, set to something else."""
        with served(**settings) as (app, site):
            yield Studio(site, app, self._browser, self.shots)

    @contextmanager
    def visitor(self, *, javascript: bool = True) -> Iterator["Visitor"]:
        """Somebody with a browser and a device of their own."""
        context = self._browser.new_context(
            base_url=self.site,
            java_script_enabled=javascript,
            reduced_motion="reduce",
            user_agent=WINDOWS,
            device_scale_factor=self.shots.scale,
        )
        try:
            yield Visitor(self, context)
        finally:
            context.close()

    @contextmanager
    def broken(self, error: Exception) -> Iterator[None]:
        """As long as it lasts, the account page raises this."""

        def fail(**_: object) -> NoReturn:
            raise error

        works = self.app.view_functions["unlatch.account"]
        self.app.view_functions["unlatch.account"] = fail
        try:
            yield
        finally:
            self.app.view_functions["unlatch.account"] = works


class Shots:
    """Where pictures go, and which are wanted."""

    def __init__(self, folder: Path, wanted: list[str], *, readme: bool) -> None:
        self.folder = folder
        self.scale = 1.25 if readme else 1
        self.taken = 0
        self._readme = readme
        self._wanted = wanted

    def take(self, page: Page, name: str) -> None:
        """Six pictures of what the page shows now; for the README the two of a phone."""
        if self._readme:
            if name in README:
                page.evaluate("document.querySelector('.unlatch-development')?.remove()")
                self._take(page, name, [360])
        elif not self._wanted or any(part in name for part in self._wanted):
            self._take(page, name, list(WIDTHS))

    def _take(self, page: Page, name: str, widths: list[int]) -> None:
        for width in widths:
            page.set_viewport_size({"width": width, "height": WIDTHS[width]})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                kind = scheme if self._readme else f"{width}-{scheme}"
                path = self.folder / f"{name}-{kind}.png"
                page.screenshot(path=path, full_page=not self._readme, animations="disabled")
                self.taken += 1
        print(name, flush=True)


class Visitor:
    """A person at a browser."""

    def __init__(self, studio: Studio, context: BrowserContext) -> None:
        self.studio = studio
        self.context = context
        self.page = context.new_page()
        self.page.set_default_timeout(10_000)
        self._cdp = context.new_cdp_session(self.page)
        self._cdp.send("WebAuthn.enable")
        self._key = self._add_key()

    def _add_key(self) -> str:
        made = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        return str(made["authenticatorId"])

    def device(self, *, willing: bool = True, knows_them: bool = True) -> None:
        """How the device behaves: not willing, it waits for ever; not knowing them, it refuses."""
        self._set("WebAuthn.setAutomaticPresenceSimulation", enabled=willing)
        self._set("WebAuthn.setUserVerified", isUserVerified=knows_them)

    def device_lies(self) -> None:
        """From now on its signatures are wrong."""
        self._set("WebAuthn.setResponseOverrideBits", isBogusSignature=True)

    def device_has_no_pin(self) -> None:
        """On this page it says what a key without PIN says."""
        self.page.evaluate("""void (navigator.credentials.get =
            () => Promise.reject(new DOMException("", "ConstraintError")))""")

    def _set(self, method: str, **values: bool) -> None:
        self._cdp.send(method, {"authenticatorId": self._key, **values})

    def open(self, path: str) -> None:
        self.page.goto(f"/auth{path}")

    def type(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.locator(f"#unlatch-{name}").fill(value)

    def press(self, label: str) -> None:
        self.page.get_by_role("button", name=label, exact=True).click()

    def sees(self, words: str) -> None:
        self.page.get_by_text(words).first.wait_for()

    def shoot(self, name: str) -> None:
        self.page.wait_for_load_state()
        self.page.evaluate("document.fonts.ready")
        self.studio.shots.take(self.page, name)

    def register(self, username: str, name: str = "Mira Okafor") -> None:
        """An account, as far as the page that offers a passkey."""
        self.open("/register")
        self.type(name=name, username=username, email=f"{username}@example.com")
        self.press("Create account")
        self.sees("Set up a passkey")

    def make_passkey(self) -> None:
        self.press("Create a passkey")
        self.sees("You're all set")

    def ask_mail(self, identifier: str) -> None:
        self.open("/sign-in")
        self.type(identifier=identifier)
        self.press("Continue")
        self.press("Email me a sign-in link")
        self.sees("Check your email")

    def mail(self, address: str, subject: str = "") -> dict[str, Any]:
        """The newest mail to an address, from the development mailbox."""
        for _ in range(100):
            mails = self.page.request.get(
                "/auth/dev/mailbox", headers={"Accept": "application/json"}
            ).json()
            for mail in mails:
                if mail["to"] == address and subject in mail["subject"]:
                    return dict(mail)
            self.page.wait_for_timeout(50)
        raise LookupError(f"no mail to {address}")


@story
def home(studio: Studio) -> None:
    with studio.visitor() as one:
        one.page.goto("/")
        one.shoot("home")
        one.open("/dev/mailbox")
        one.shoot("dev-mailbox-empty")
        one.register("home")
        one.page.goto("/")
        one.shoot("home-signed-in")
    with studio.set_to(UNLATCH_REGISTRATION="closed") as closed, closed.visitor() as one:
        one.open("/register")
        one.shoot("register-closed")
        one.open("/sign-in")
        one.shoot("sign-in-closed")


@story
def who(studio: Studio) -> None:
    with studio.visitor() as one:
        one.device(willing=False)
        one.open("/sign-in")
        one.shoot("sign-in")
        one.press("Continue")
        one.sees("Enter your email or username.")
        one.shoot("sign-in-missing")
        one.open("/sign-in")
        one.press("Sign in with a passkey")
        one.sees("Waiting for your device…")
        one.shoot("sign-in-waiting")
        one.open("/sign-in")
        one.device(knows_them=False)
        one.press("Sign in with a passkey")
        one.sees("No passkey answered")
        one.shoot("sign-in-cancelled")
    with studio.visitor(javascript=False) as one:
        one.open("/sign-in")
        one.shoot("sign-in-without-javascript")


@story
def how(studio: Studio) -> None:
    with studio.visitor() as one:
        one.device(willing=False)
        one.open("/sign-in")
        one.type(identifier="mira@example.com")
        one.press("Continue")
        one.sees("Email me a sign-in link")
        one.shoot("method")
        one.press("Sign in with a passkey")
        one.sees("Waiting for your device…")
        one.shoot("method-waiting")
    with studio.visitor() as one:
        one.register("how")
        one.make_passkey()
        one.open("/account")
        one.device(willing=False)
        one.press("Sign out")
        one.sees("Signed out")
        one.shoot("method-remembered")
        one.device(knows_them=False)
        one.press("Sign in with a passkey")
        one.sees("No passkey answered")
        one.shoot("method-cancelled")
        one.device()
        one.device_lies()
        one.press("Try again")
        one.sees("That passkey wasn't accepted.")
        one.shoot("method-refused")
        one.device_has_no_pin()
        one.press("Try again")
        one.sees("This key needs a PIN.")
        one.shoot("method-pin")
    with studio.visitor(javascript=False) as one:
        one.open("/sign-in")
        one.type(identifier="mira@example.com")
        one.press("Continue")
        one.shoot("method-without-javascript")


@story
def by_mail(studio: Studio) -> None:
    with studio.visitor() as owner:
        owner.register("post")
        code = owner.mail("post@example.com", "Confirm")["code"]
        owner.open("/account/email")
        owner.type(code=code)
        owner.press("Confirm")
        owner.sees("Address confirmed")
        owner.shoot("account-without-passkeys")
    with studio.visitor() as one:
        one.ask_mail("post@example.com")
        one.shoot("email-check")
        one.type(code="WRNG-CDEX")
        one.press("Sign in")
        one.sees("That code doesn't match")
        one.shoot("email-wrong-code")
        first = one.mail("post@example.com", "Sign in")["link"]
        one.page.goto(first)
        one.shoot("email-link")
        with studio.visitor() as other:
            other.page.goto(first)
            other.shoot("email-elsewhere")
            other.open("/sign-in/email/link?token=damaged")
            other.shoot("email-gone")
        one.press("Sign in as Mira Okafor")
        one.sees("Your account")
        one.shoot("account-after-email")
        one.press("Sign out")
        one.sees("Signed out")
        one.shoot("method-email-first")
        one.open("/sign-in")
        one.press("Not you? Use another account")
        one.sees("Email or username")
        one.type(identifier="somebody.else@example.com")
        one.press("Continue")
        one.press("Email me a sign-in link")
        one.sees("Just a moment")
        one.shoot("error-429")


@story
def making_an_account(studio: Studio) -> None:
    with studio.visitor() as one:
        one.device(willing=False)
        one.open("/register")
        one.shoot("register")
        one.type(name="Mira Okafor", username="m", email="mira.example.com")
        one.press("Create account")
        one.sees("A username has 3 to 32 characters.")
        one.shoot("register-refused")
        one.register("mira")
        one.shoot("passkey-new")
        one.press("Create a passkey")
        one.sees("Waiting for your device…")
        one.shoot("passkey-waiting")
        one.open("/account/passkeys/new?first=1")
        one.device(knows_them=False)
        one.press("Create a passkey")
        one.sees("No passkey was made.")
        one.shoot("passkey-cancelled")
        one.device()
        one.open("/account/passkeys/new?first=1")
        one.make_passkey()
        one.shoot("all-set")
        one.open("/account/passkeys/new")
        one.press("Create a passkey")
        one.sees("already has a passkey")
        one.shoot("passkey-exists")
        one.open("/account/email")
        one.shoot("address")
        one.page.get_by_text("Wrong address?").click()
        one.type(email="mira@nowhere")
        one.press("Use this address")
        one.sees("missing its ending")
        one.shoot("address-refused")
        one.open("/account")
        one.shoot("account")
        with studio.visitor() as other:
            other.open("/register")
            other.type(username="mira", email="other@example.com")
            other.press("Create account")
            other.sees("That username is taken.")
            other.shoot("register-username-taken")
            other.type(username="other", email="Mira@example.com")
            other.press("Create account")
            other.sees("That address already has an account.")
            other.shoot("register-address-taken")
        with studio.visitor() as owner:
            owner.ask_mail("mira@example.com")
            owner.page.goto(owner.mail("mira@example.com", "Sign in")["link"])
            owner.sees("This address was never confirmed.")
            owner.shoot("email-takeover")
            owner.press("Sign in")
            owner.sees("We removed what was set up before")
            owner.shoot("account-after-takeover")
        one.open("/account")
        one.shoot("method-signed-out-elsewhere")
    with studio.visitor(javascript=False) as one:
        one.open("/register")
        one.type(username="plain", email="plain@example.com")
        one.press("Create account")
        one.shoot("passkey-without-javascript")


@story
def looking_after_passkeys(studio: Studio) -> None:
    with studio.visitor() as one:
        one.register("keys")
        one.make_passkey()
        code = one.mail("keys@example.com", "Confirm")["code"]
        one.open("/account/email")
        one.page.goto(one.mail("keys@example.com", "Confirm")["link"])
        one.shoot("address-link")
        one.open("/account/email?welcome=1")
        one.type(code=code)
        one.press("Confirm")
        one.sees("Address confirmed")
        one.shoot("account-toast")
        one.page.get_by_label("Rename").click()
        one.sees("Something you'll recognise")
        one.shoot("passkey-rename")
        one.open("/account")
        one.page.get_by_label("Remove").click()
        one.sees("Keep it")
        one.shoot("passkey-remove")
        removal = one.page.url.removeprefix(studio.site)
        one.open(f"/fresh?next={removal}")
        one.shoot("fresh-remove")
        one.device(knows_them=False)
        one.press("Confirm with a passkey")
        one.sees("No passkey answered")
        one.shoot("fresh-cancelled")
        one.open("/fresh?next=/auth/account/passkeys/new")
        one.shoot("fresh-add")
        one.press("Email me a code")
        one.sees("Check your email")
        one.shoot("fresh-check")
        one.open("/account/email")
        one.shoot("address-confirmed")
        one.device()
        one.page.goto(removal)
        one.press("Remove this passkey")
        one.sees("Passkey removed")
        one.shoot("account-passkey-removed")


@story
def what_goes_wrong(studio: Studio) -> None:
    with studio.visitor() as one:
        one.open("/nowhere")
        one.shoot("error-404")
        one.page.goto(f"data:text/html,<form method=post action={studio.site}/auth/sign-out>")
        one.page.evaluate("document.forms[0].submit()")
        one.sees("That came from another site")
        one.shoot("error-403")
        with studio.broken(RuntimeError("made for a picture")):
            one.open("/account")
            one.shoot("error-500")
        with studio.broken(StoreError("made for a picture")):
            one.open("/account")
            one.shoot("error-503")
        one.open("/sign-in")
        one.device(willing=False)
        one.context.set_offline(True)
        one.press("Sign in with a passkey")
        one.sees("You're offline.")
        one.shoot("offline")
        one.context.set_offline(False)


@story
def letters(studio: Studio) -> None:
    purposes = {
        "mail-sign-in": ("post@example.com", "Sign in"),
        "mail-confirm": ("keys@example.com", "Confirm"),
        "mail-fresh": ("keys@example.com", "Your code"),
        "mail-passkey-added": ("mira@example.com", "was added"),
        "mail-passkey-removed": ("keys@example.com", "was removed"),
    }
    with studio.visitor() as one:
        for name, (address, subject) in purposes.items():
            one.page.set_content(one.mail(address, subject)["html"])
            one.shoot(name)
        one.open("/dev/mailbox")
        one.shoot("dev-mailbox")


def main() -> None:
    options = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    options.add_argument("wanted", nargs="*", help="only pictures with this in their name")
    options.add_argument("--readme", action="store_true", help="those of the README")
    options.add_argument("--folder", type=Path, help="where they go")
    given = options.parse_args()
    default = ROOT / ("docs/screenshots" if given.readme else "build/screenshots")
    shots = Shots(given.folder or default, given.wanted, readme=given.readme)
    shots.folder.mkdir(parents=True, exist_ok=True)
    logging.disable()  # what goes wrong here goes wrong on purpose
    with sync_playwright() as playwright, served() as (app, site):
        browser = playwright.chromium.launch(executable_path=chromium() or None, args=FLAGS)
        for tell in stories:
            tell(Studio(site, app, browser, shots))
        browser.close()
    print(f"{shots.taken} pictures in {shots.folder}")


@contextmanager
def served(**settings: str) -> Iterator[tuple[Flask, str]]:
    """The ready server's app in a folder of its own, and where it is."""
    with TemporaryDirectory() as folder:
        with chdir(folder):
            app = create_app(
                {"UNLATCH_DEVELOPMENT": "1", "UNLATCH_SITE_NAME": "Acme Notes", **settings}
            )
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield app, f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            app.extensions["unlatch"].sender.stop()


def chromium() -> str:
    """The browser of the tests; empty for Playwright's own."""
    find = [sys.executable, str(ROOT / "scripts/browser.py"), "--no-install"]
    return subprocess.run(find, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
