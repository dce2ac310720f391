"""What compose.yaml runs in containers, from Debian's packages on this machine: PostgreSQL, Redis,
two servers of two workers each, a sender, and nginx, which ends TLS.
"""

import secrets
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from certificates import Authority
from postgres import Postgres
from processes import COMMAND, environment, free_port
from redis_servers import RedisServer, alone
from servers import Process, connects, folder, owner, program

from unlatch.stores import open_database

_NGINX = """\
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log crit;
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}/bodies;
    proxy_temp_path {home}/proxied;
    fastcgi_temp_path {home}/1;
    uwsgi_temp_path {home}/2;
    scgi_temp_path {home}/3;
    upstream unlatch {{
        # One that fell over may be back at once, and be the only one.
        server 127.0.0.1:{ports[0]} max_fails=0;
        server 127.0.0.1:{ports[1]} max_fails=0;
    }}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        location / {{
            proxy_pass http://unlatch;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_next_upstream error timeout;
        }}
    }}
}}
"""


@dataclass
class Topology:
    """Attributes:
    url: Where people open the site, by https.
    certificate: Of the proxy; nobody vouches for it who is known to browsers.
    """

    url: str
    certificate: Path
    postgres: Postgres
    redis: RedisServer
    servers: list[Process]
    sender: Process


@contextmanager
def topology(mail: Mapping[str, str]) -> Iterator[Topology]:
    """All of it, stopped by its pids afterwards.

    Args:
        mail: Settings that say how mail leaves.
    """
    with ExitStack() as ends, TemporaryDirectory(prefix="unlatch-topology-") as temporary:
        home = Path(temporary)
        postgres = Postgres()
        ends.callback(postgres.stop)
        database_url = postgres.url(postgres.empty())
        _make_tables(database_url)
        redis = ends.enter_context(alone(home / "redis"))
        port, ports = free_port(), [free_port(), free_port()]
        url = f"https://localhost:{port}"
        settings = environment(
            UNLATCH_ORIGIN=url,
            UNLATCH_DATABASE_URL=database_url,
            UNLATCH_REDIS_URL=redis.url,
            UNLATCH_SECRET_KEYS=secrets.token_urlsafe(48),
            UNLATCH_TRUSTED_PROXIES="127.0.0.1",
            UNLATCH_MAIL_WORKER="external",
            **mail,
        )
        servers = [
            _start(ends, _serve(one), home / f"site{one}", settings, answers_at=one)
            for one in ports
        ]
        sender = _start(ends, [*COMMAND, "worker"], home / "sender", settings)
        certificate = _proxy(ends, port, ports)
        yield Topology(url, certificate, postgres, redis, servers, sender)


def _make_tables(database_url: str) -> None:
    database = open_database(database_url, patient=True)
    database.upgrade()
    database.close()


def _serve(port: int) -> list[str]:
    return [*COMMAND, "serve", "--host", "127.0.0.1", "--port", f"{port}", "--workers", "2"]


def _start(
    ends: ExitStack,
    command: list[str],
    home: Path,
    settings: Mapping[str, str],
    answers_at: int | None = None,
) -> Process:
    home.mkdir()
    answers = (lambda: connects(answers_at)) if answers_at is not None else (lambda: True)
    process = Process(command, home, answers, env=settings)
    process.start()
    ends.callback(process.stop)
    return process


def _proxy(ends: ExitStack, port: int, ports: list[int]) -> Path:
    home = folder("nginx")
    files = Authority().write(home)
    for one in (files.certificate, files.key):
        one.chmod(0o644)  # it runs as somebody else, and this key opens nothing
    written = _NGINX.format(
        home=home, port=port, ports=ports, certificate=files.certificate, key=files.key
    )
    (home / "nginx.conf").write_text(written)
    command = [program("nginx"), "-p", str(home), "-c", str(home / "nginx.conf")]
    nginx = Process(command, home, lambda: connects(port), user=owner())
    nginx.start()
    ends.callback(nginx.stop, signal.SIGQUIT)
    return files.certificate
