"""What one app keeps of Unlatch, in `app.extensions["unlatch"]`.

Nothing is opened or written before it is first needed: `flask routes` makes no file. Nor is what
makes the parts imported before: a host's every command imports this module.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from flask import Flask

from unlatch.core.kinds import Purpose
from unlatch.core.party import RelyingParty
from unlatch.core.policy import Policy
from unlatch.core.times import DAY
from unlatch.errors import SettingsError
from unlatch.flask.csp import content_security_policy
from unlatch.flask.current import current_app
from unlatch.flask.development import kept_keys
from unlatch.settings import Settings
from unlatch.stores import open_stores, open_throttle

if TYPE_CHECKING:
    from unlatch.core.ports import Stores, Throttle
    from unlatch.flask.sender import Letters, MailboxTransport, Sender
    from unlatch.gate import Gate

T = TypeVar("T")

NAME = "unlatch"
DATABASE_FILE = "unlatch.sqlite"
MAILBOX_FOLDER = "unlatch-mailbox"

_LINK_ENDPOINTS = {
    Purpose.SIGN_IN: "unlatch.email_link",
    Purpose.CONFIRM: "unlatch.confirm_link",
}


def now() -> int:
    """The clock of the process: microseconds since 1970 UTC."""
    return time.time_ns() // 1000


class State:
    """One app's settings, and what is made of them at first use.

    Args:
        settings: As read, or the faults that kept them from being read: those are told to
            whoever uses Unlatch first.
        policy: What the host demands before something changes.

    Attributes:
        told_of_proxy: Whether the log has it that a proxy is not believed.
    """

    told_of_proxy = False

    def __init__(
        self, app: Flask, settings: Settings | SettingsError, policy: Policy | None = None
    ) -> None:
        self.app = app
        self.policy = policy or Policy()
        self._settings = settings
        self._making = threading.RLock()
        self._made: dict[str, object] = {}

    @property
    def settings(self) -> Settings:
        """Raises:
        SettingsError: They were faulty, which a command that does not serve let pass.
        """
        if isinstance(self._settings, SettingsError):
            raise self._settings
        return self._settings

    @cached_property
    def party(self) -> RelyingParty | None:
        """The site that all requests are for; None where no origin is set, as in development."""
        origins = self.settings.origins
        return self.party_at(*origins) if origins else None

    def party_at(self, *origins: str) -> RelyingParty:
        """The site, if these are its origins."""
        return RelyingParty(id=self.settings.rp_id, name=self.settings.site_name, origins=origins)

    @cached_property
    def content_security_policy(self) -> str:
        """Of all pages; made once, since it is in every answer."""
        return content_security_policy(self.settings.csp_sources)

    @property
    def folder(self) -> Path:
        """Where the default database is, and what is kept beside it."""
        return Path(self.app.instance_path)

    @property
    def stores(self) -> "Stores":
        """The stores; opened by their first use."""
        return self._once("stores", self._open_stores)

    @property
    def throttle(self) -> "Throttle":
        """The counters of the limits."""
        return self._once("throttle", self._open_throttle)

    @property
    def gate(self) -> "Gate":
        """The core's parts."""
        return self._once("gate", self._make_gate)

    @property
    def sender(self) -> "Sender":
        """Who sends mail."""
        return self._once("sender", self._make_sender)

    @property
    def mailbox(self) -> "MailboxTransport":
        """The development mailbox."""
        from unlatch.flask.sender import MailboxTransport

        return MailboxTransport(self.folder / MAILBOX_FOLDER)

    def deliver(self) -> None:
        """See to the mails that are due: at once under `app.testing`, else in the sender's
        thread. Call it after the commit.
        """
        self.sender.start()
        self.sender.wake()

    def _once(self, name: str, make: Callable[[], T]) -> T:
        if name not in self._made:
            with self._making:
                if name not in self._made:  # another thread may have made it meanwhile
                    self._made[name] = make()
        return self._made[name]  # type: ignore[return-value]  # made by `make` of this name

    def _open_stores(self) -> "Stores":
        url = self.settings.database_url
        default = f"sqlite:///{self.folder / DATABASE_FILE}"
        pooler = self.settings.database_pooler
        return open_stores(url or default, upgrade_itself=url is None, pooler=pooler)

    def _open_throttle(self) -> "Throttle":
        # A test suite of the host's is one address for everybody in it.
        unlimited = self.app.testing and self.settings.development
        url = self.settings.redis_url
        key = self._key_of_counters() if url else b""
        return open_throttle(url, key=key, unlimited=unlimited)

    def _key_of_counters(self) -> bytes:
        from unlatch.core.keys import derive

        return derive(self._keys()[0], f"counters:{self.settings.rp_id}")

    def _make_gate(self) -> "Gate":
        from unlatch.gate import Gate

        return Gate(self.settings, self.stores, self.throttle, self._keys(), self.policy, now)

    def _keys(self) -> Sequence[bytes]:
        return self.settings.secret_keys or kept_keys(self.folder)

    def _make_sender(self) -> "Sender":
        from unlatch.flask.sender import Sender, SmtpTransport

        mail = self.settings.mail
        return Sender(
            stores=self.stores,
            minter=self.gate.mailed,
            letters=self._letters(),
            transport=SmtpTransport(mail) if mail else self.mailbox,
            clock=now,
            events_kept=self.settings.events_days * DAY,
            worker="inline" if self.app.testing else self.settings.mail_worker,
        )

    def _letters(self) -> "Letters":
        from unlatch.flask.sender import Letters

        mail = self.settings.mail
        return Letters(
            render=self._render,
            site_name=self.settings.site_name,
            sender=mail.sender if mail else "sign-in@localhost",
            link_path=lambda purpose, token: self._path(_LINK_ENDPOINTS[purpose], token=token),
            account_path=self._path("unlatch.account"),
        )

    def _render(self, template: str, context: Mapping[str, object]) -> str:
        return self.app.jinja_env.get_template(template).render(context)

    def _path(self, endpoint: str, **values: str) -> str:
        """A path outside any request, below where the app is mounted."""
        root = self.app.config["APPLICATION_ROOT"]
        return self.app.url_map.bind("", script_name=root).build(endpoint, values)


def state() -> State:
    """That of the current app."""
    found: State = current_app().extensions[NAME]
    return found


def gate() -> "Gate":
    """That of the current app."""
    return state().gate
