"""The settings: every key, its default and its reason; all faults are told at once.

Read once, from the mapping an app is configured by (`config.py`). Names in the mapping are those
of `docs/settings.md`, like `UNLATCH_ORIGIN`.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from unlatch import database_url, redis_url
from unlatch.config import Config, is_port
from unlatch.errors import SettingsError
from unlatch.mail_server import MailServer, read_mail_server

KEY_BYTES = 32
"""A secret key shorter than this is not one."""

_KNOWN = frozenset(
    {
        "UNLATCH_ORIGIN",
        "UNLATCH_RP_ID",
        "UNLATCH_SITE_NAME",
        "UNLATCH_DATABASE_URL",
        "UNLATCH_DATABASE_POOLER",
        "UNLATCH_REDIS_URL",
        "UNLATCH_SECRET_KEYS",
        "UNLATCH_MAIL_SERVER",
        "UNLATCH_MAIL_PORT",
        "UNLATCH_MAIL_USERNAME",
        "UNLATCH_MAIL_PASSWORD",
        "UNLATCH_MAIL_FROM",
        "UNLATCH_MAIL_SECURITY",
        "UNLATCH_MAIL_WORKER",
        "UNLATCH_REGISTRATION",
        "UNLATCH_URL_PREFIX",
        "UNLATCH_BASE_TEMPLATE",
        "UNLATCH_CSP_SOURCES",
        "UNLATCH_SESSION_IDLE",
        "UNLATCH_SESSION_MAX",
        "UNLATCH_MAIL_SECONDS",
        "UNLATCH_EVENTS_DAYS",
        "UNLATCH_TRUSTED_PROXIES",
        "UNLATCH_METRICS",
        "UNLATCH_DEVELOPMENT",
    }
)
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_PLACEHOLDERS = ("changeme", "placeholder", "replaceme", "secretkey")
"""Without dashes, in small letters."""

_PRINTED = (
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",  # Flask's documentation
    "pf9Wkove4IKEAXvy-cQkeDPhv9Cb3Ag-wyJILbq_dFw",  # Flask-Security's
)
"""Long and random, and as they stand in many an app, copied from there."""

_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_SOURCE = re.compile(r"[^\s;,]+")
_SOCKET = "unix"
_DAY = 86_400

MailWorker = Literal["thread", "external"]


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen, or to connect to."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an app is set to.

    Attributes:
        origins: Addresses of the site, the first is *the* address; empty only in
            development, where it is `http://localhost` on the port of the request.
        rp_id: Relying party ID, the domain passkeys are bound to. Changing it orphans them.
        database_url: None for the SQLite file that is made and upgraded by itself.
        database_pooler: Whether a pooler in transaction mode stands in front of PostgreSQL.
        redis_url: Where the limits' counters are shared (`unlatch.redis_url`); None for the memory
            of each process.
        secret_keys: Seal with the first, open with any; empty only in development, where
            keys are made once and kept beside the database.
        mail: None only in development: mail then goes to the development mailbox.
        mail_worker: Who sends mail, and sweeps: a `thread` of each process that serves, or
            none of them (`external`).
        session_idle, session_max, mail_seconds: Seconds.
        events_days: How long it is kept what happened.
        csp_sources: Sources a host's base template needs, by directive.
        trusted_proxies: Networks whose forwarding headers are believed.
        trusts_socket: Whether those of who comes by a socket file are.
        metrics: Where the ready server shows what it counts; None for nowhere.
    """

    development: bool
    origins: tuple[str, ...]
    rp_id: str
    site_name: str
    database_url: str | None = field(repr=False)
    database_pooler: bool
    redis_url: str | None = field(repr=False)
    secret_keys: tuple[bytes, ...] = field(repr=False)
    mail: MailServer | None
    mail_worker: MailWorker
    registration_open: bool
    url_prefix: str
    base_template: str | None
    csp_sources: Mapping[str, tuple[str, ...]]
    session_idle: int
    session_max: int
    mail_seconds: int
    events_days: int
    trusted_proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    trusts_socket: bool
    metrics: Address | None

    @property
    def is_https(self) -> bool:
        """Whether people reach the site by https: then it is no developer's toy."""
        return any(origin.startswith("https://") for origin in self.origins)

    @classmethod
    def read(cls, config: Mapping[str, object], *, development: bool) -> "Settings":
        """Read all of them.

        Raises:
            SettingsError: With a sentence for every fault: the key and the cure.
        """
        return _Reader(Config(config), development).settings()


class _Reader:
    """What each setting takes, one method for each that is more than a text."""

    def __init__(self, config: Config, development: bool) -> None:
        self._config = config
        self._development = development

    def settings(self) -> Settings:
        self._config.refuse_unknown(_KNOWN)
        origins = self._origins()
        settings = Settings(
            development=self._development,
            origins=origins,
            rp_id=self._rp_id(origins),
            site_name=self._config.text("SITE_NAME") or _host(origins) or "Your site",
            database_url=self._database_url(),
            database_pooler=self._database_pooler(),
            redis_url=self._redis_url(),
            secret_keys=self._secret_keys(),
            mail=read_mail_server(self._config, development=self._development),
            mail_worker=self._mail_worker(),
            registration_open=self._config.one_of("REGISTRATION", ("open", "closed")) == "open",
            url_prefix=self._prefix(),
            base_template=self._config.text("BASE_TEMPLATE") or None,
            csp_sources=self._csp_sources(),
            session_idle=self._config.seconds("SESSION_IDLE", _DAY),
            session_max=self._config.seconds("SESSION_MAX", 30 * _DAY),
            mail_seconds=self._config.seconds("MAIL_SECONDS", 600, least=60, most=900),
            events_days=self._config.days("EVENTS_DAYS", 365, most=3650),
            trusted_proxies=self._trusted_proxies(),
            trusts_socket=_SOCKET in self._config.listed("TRUSTED_PROXIES"),
            metrics=self._metrics(),
        )
        if self._config.faults:
            raise SettingsError(self._config.faults)
        return settings

    def _origins(self) -> tuple[str, ...]:
        origins = self._config.listed("ORIGIN")
        if not origins and not self._development:
            self._config.fault(
                "UNLATCH_ORIGIN is missing; set it to the address people open, "
                "like https://example.com."
            )
        for origin in origins:
            if fault := _origin_fault(origin, self._development):
                self._config.fault(f"UNLATCH_ORIGIN is {origin!r}; {fault}.")
        return tuple(_as_browsers_write(origin) for origin in origins)

    def _rp_id(self, origins: tuple[str, ...]) -> str:
        site = _host(origins) or "localhost"
        rp_id = self._config.text("RP_ID").lower() or site
        if site != rp_id and not (site.endswith("." + rp_id) and "." in rp_id):
            self._config.fault(
                f"UNLATCH_RP_ID is {rp_id!r}, but the site is {site!r}; "
                "it must be that host or a domain above it."
            )
        return rp_id

    def _database_pooler(self) -> bool:
        stands = self._config.one_of("DATABASE_POOLER", ("none", "transaction")) == "transaction"
        if stands and not database_url.is_postgresql(self._config.text("DATABASE_URL")):
            self._config.fault(
                "UNLATCH_DATABASE_POOLER stands in front of PostgreSQL, and of nothing else; leave "
                "it out, or set UNLATCH_DATABASE_URL to a postgresql:// address."
            )
        return stands

    def _database_url(self) -> str | None:
        url = self._config.text("DATABASE_URL")
        if url and (fault := database_url.fault_of(url)):
            self._config.fault(f"UNLATCH_DATABASE_URL {fault}.")
        if url == database_url.MEMORY and not self._development:
            self._config.fault("UNLATCH_DATABASE_URL is memory:, which forgets; name a file.")
        return url or None

    def _redis_url(self) -> str | None:
        url = self._config.text("REDIS_URL")
        if url and (fault := redis_url.fault_of(url)):
            self._config.fault(f"UNLATCH_REDIS_URL {fault}.")
        return url or None

    def _secret_keys(self) -> tuple[bytes, ...]:
        named = bool(self._config.text("SECRET_KEYS"))
        keys = self._listed_keys() if named else self._flasks_key()
        weak = [key for key in keys if not _is_strong(key)]
        if self._development and not named:
            return keys if keys and not weak else ()
        if not keys:
            self._config.fault(
                "UNLATCH_SECRET_KEYS is missing; set it to at least 32 random bytes, like the "
                "output of `python -c 'import secrets; print(secrets.token_urlsafe(48))'`."
            )
        if weak:
            self._config.fault(
                "UNLATCH_SECRET_KEYS (or SECRET_KEY) is shorter than 32 bytes or a placeholder; "
                "make one with `python -c 'import secrets; print(secrets.token_urlsafe(48))'`."
            )
        return keys

    def _listed_keys(self) -> tuple[bytes, ...]:
        return tuple(key.encode() for key in self._config.listed("SECRET_KEYS"))

    def _flasks_key(self) -> tuple[bytes, ...]:
        """Flask's own, which is one key: a comma in it is a character like any other."""
        key = self._config.given("SECRET_KEY")
        if not isinstance(key, bytes):
            key = self._config.text("SECRET_KEYS", "SECRET_KEY").encode()
        return (key,) if key else ()

    def _mail_worker(self) -> MailWorker:
        external = self._config.one_of("MAIL_WORKER", ("thread", "external")) == "external"
        if external and self._config.text("DATABASE_URL") == database_url.MEMORY:
            self._config.fault(
                "UNLATCH_MAIL_WORKER is external, but no other process sees memory:; name a file "
                "in UNLATCH_DATABASE_URL."
            )
        return "external" if external else "thread"

    def _prefix(self) -> str:
        prefix = self._config.text("URL_PREFIX") or "/auth"
        if not _PREFIX.fullmatch(prefix):
            self._config.fault(f"UNLATCH_URL_PREFIX is {prefix!r}; it takes a path like /auth.")
        return prefix

    def _csp_sources(self) -> Mapping[str, tuple[str, ...]]:
        value = self._config.given("UNLATCH_CSP_SOURCES")
        if isinstance(value, Mapping):
            added = {str(name): self._sources(sources) for name, sources in value.items()}
        else:
            parts = [
                one.split() for one in self._config.text("CSP_SOURCES").split(";") if one.strip()
            ]
            added = {part[0]: tuple(part[1:]) for part in parts}
        for name, sources in added.items():
            self._check_sources(name, sources)
        return added

    def _sources(self, value: object) -> tuple[str, ...]:
        key = "UNLATCH_CSP_SOURCES"
        if isinstance(value, Iterable) and not isinstance(value, str | bytes):
            return tuple(self._config.as_text(key, one) for one in value)
        return tuple(self._config.as_text(key, value).split())

    def _check_sources(self, directive: str, sources: tuple[str, ...]) -> None:
        if not directive.endswith("-src") or directive == "object-src":
            self._config.fault(
                f"UNLATCH_CSP_SOURCES has {directive!r}; it takes directives and sources, "
                "like `script-src https://cdn.example.com; img-src https://img.example.com`."
            )
        for source in sources:
            unsafe = directive.startswith("script") and source.lower() == "'unsafe-inline'"
            if unsafe or not _SOURCE.fullmatch(source):
                self._config.fault(
                    f"UNLATCH_CSP_SOURCES has {source!r} for {directive}, which would let in what "
                    "the policy is there to keep out; name the sites that are needed."
                )

    def _trusted_proxies(
        self,
    ) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        values = self._config.listed("TRUSTED_PROXIES")
        if not values and not self._development:
            self._config.fault(
                "UNLATCH_TRUSTED_PROXIES is missing; set it to the addresses of the proxies in "
                "front, like 10.0.0.0/8, to unix for one that comes by a socket file, or to none."
            )
        if values == ("none",):
            return ()
        named = [one for one in values if one != _SOCKET]
        return tuple(network for one in named if (network := self._network(one)) is not None)

    def _metrics(self) -> Address | None:
        text = self._config.text("METRICS")
        if not text:
            return None
        host, _, port = text.rpartition(":")
        try:
            address = str(ipaddress.ip_address(host.strip("[]"))) if host else "127.0.0.1"
        except ValueError:
            address = ""
        if not (address and is_port(port)):
            self._config.fault(
                f"UNLATCH_METRICS is {text!r}; it takes a port of this machine, like 9464, or an "
                "address and a port, like 0.0.0.0:9464."
            )
            return None
        return Address(address, int(port))

    def _network(self, text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
        try:
            return ipaddress.ip_network(text, strict=False)
        except ValueError:
            self._config.fault(
                f"UNLATCH_TRUSTED_PROXIES has {text!r}, which is no address or network, nor unix."
            )
            return None


def _origin_fault(origin: str, development: bool) -> str | None:
    try:
        parts = urlsplit(origin)
        well_formed = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        well_formed = False
    if not well_formed or parts.scheme not in ("http", "https"):
        return "it takes an address like https://example.com"
    if not _HOST.fullmatch(parts.hostname or ""):
        return "it takes a host as browsers send it, like xn--bcher-kva.example for bücher.example"
    if parts.path.rstrip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        return "it takes a scheme, a host and a port only, no path"
    if parts.scheme == "http" and not development:
        return "passkeys need https outside development"
    return None


def _as_browsers_write(origin: str) -> str:
    """In small letters, without the port that goes without saying."""
    origin = origin.rstrip("/").lower()
    scheme = origin.partition("://")[0]
    return origin.removesuffix({"https": ":443", "http": ":80"}.get(scheme, "/"))


def _host(origins: tuple[str, ...]) -> str:
    try:
        return urlsplit(origins[0]).hostname or "" if origins else ""
    except ValueError:  # a fault that is told already
        return ""


def _is_strong(key: bytes) -> bool:
    return len(key) >= KEY_BYTES and len(set(key)) >= 8 and not _is_known(key)


def _is_known(key: bytes) -> bool:
    """Whether it is one that everybody has, or that says itself that it is none."""
    text = key.decode("utf-8", "replace")
    letters = re.sub(r"[-_ .]", "", text).lower()
    return any(one in text for one in _PRINTED) or any(one in letters for one in _PLACEHOLDERS)
