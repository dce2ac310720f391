"""Where Redis or Valkey is, as one address:

    redis://host:6379/0                               one server; rediss:// with TLS
    unix:///run/redis.sock?db=0                       one server, by its socket
    redis+sentinel://one:26379,two:26379/mymaster/0   the master that Sentinels know by a name
    redis+cluster://one:6379,two:6379                 a cluster, by some of its servers

`user:password@` stands before the first host; `valkey` for `redis`; `rediss` before `+` for TLS,
with Sentinels, too. `?ssl_ca_certs=/file` names the authority that signed the certificates. What
is reserved in addresses (`@ / ? # : %`) is percent-encoded in a password.
"""

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

Host = tuple[str, int]

_PORTS = {"alone": 6379, "cluster": 6379, "sentinel": 26379}
_TAKES = (
    "takes an address like redis://host:6379/0, rediss://…, unix:///run/redis.sock, "
    "redis+sentinel://host:26379,host:26379/name/0 or redis+cluster://host:6379,host:6379"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisUrl:
    """Attributes:
    kind: `alone`, `sentinel` or `cluster`.
    hosts: Of the server, the Sentinels or the cluster; empty with a socket.
    socket: The path of a server's socket, or empty.
    service: What the Sentinels call the master, or empty.
    ca_file: Who signed the servers' certificates; None for whom the machine trusts.
    """

    kind: str
    hosts: tuple[Host, ...] = ()
    socket: str = ""
    service: str = ""
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: str | None = None

    @classmethod
    def read(cls, url: str) -> "RedisUrl":
        """Raises:
        ValueError: It is no such address. Says why, without anything that could be a password.
        """
        try:
            parts = urlsplit(url)
            scheme, kind = _kind(parts)
            options = _options(parts, scheme)
            login, _, where = parts.netloc.rpartition("@")
            username, _, password = login.partition(":")
            local = scheme == "unix"
            service, database = ("", options.get("db", "0")) if local else _path(parts, kind)
            return cls(
                kind=kind,
                hosts=() if local else _hosts(where, _PORTS[kind]),
                socket=_socket(parts) if local else "",
                service=service,
                database=_number(database),
                username=unquote(username) or None,
                password=unquote(password) or None,
                tls=scheme == "rediss",
                ca_file=options.get("ssl_ca_certs"),
            )
        except _Fault as fault:
            raise ValueError(str(fault)) from None
        except ValueError:  # what Python says of an address quotes it
            raise ValueError(_TAKES) from None


def fault_of(url: str) -> str | None:
    """What keeps such an address from being used, in words that go on after the setting's name."""
    try:
        RedisUrl.read(url)
    except ValueError as error:
        return str(error)
    if importlib.util.find_spec("redis") is None:
        return (
            "is set, but the library that speaks to Redis is missing; install it with "
            "`pip install 'redis[hiredis]'`"
        )
    return None


class _Fault(ValueError):
    """What is wrong, in words that quote nothing secret."""


def _kind(parts: SplitResult) -> tuple[str, str]:
    """`redis`, `rediss` or `unix`, and what it leads to."""
    scheme, plus, kind = parts.scheme.partition("+")
    scheme = {"valkey": "redis", "valkeys": "rediss"}.get(scheme, scheme)
    kind = kind if plus else "alone"
    known = scheme in ("redis", "rediss") or (scheme, kind) == ("unix", "alone")
    if not known or kind not in _PORTS or parts.fragment:
        raise _Fault(_TAKES)
    return scheme, kind


def _options(parts: SplitResult, scheme: str) -> dict[str, str]:
    """An option that is not known may be one that switches the check of certificates off: it is
    neither obeyed nor passed over.
    """
    known = {"rediss": {"ssl_ca_certs"}, "unix": {"db"}}.get(scheme, set())
    found = parse_qs(parts.query, keep_blank_values=True)
    if set(found) - known:
        takes = f"takes {', '.join(known)}" if known else "takes nothing"
        raise _Fault(f"{takes} after the question mark in a {scheme}:// address")
    options = {name: values[-1] for name, values in found.items()}
    ca_file = options.get("ssl_ca_certs")
    if ca_file is not None and not Path(ca_file).is_file():
        raise _Fault(f"names {ca_file!r} as ssl_ca_certs, which is no file")
    return options


def _hosts(text: str, port: int) -> tuple[Host, ...]:
    places = [urlsplit(f"//{one}") for one in text.split(",")]
    if not all(place.hostname for place in places):
        raise _Fault(_TAKES)
    return tuple((place.hostname or "", place.port or port) for place in places)


def _socket(parts: SplitResult) -> str:
    path = unquote(parts.path)
    if not path:
        raise _Fault(_TAKES)
    return path


def _path(parts: SplitResult, kind: str) -> tuple[str, str]:
    """What the Sentinels call the master, and the number of a database."""
    said = [one for one in parts.path.split("/") if one]
    service = unquote(said.pop(0)) if kind == "sentinel" and said else ""
    if len(said) > (kind != "cluster") or (kind == "sentinel" and not service):
        raise _Fault(_TAKES)
    return service, said[0] if said else "0"


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise _Fault(_TAKES)
    return int(text)
