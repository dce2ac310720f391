"""Redis servers of the tests' own: on free ports of this machine, in folders of their own, stopped
by their ids. One alone, one with TLS and a password, one with a replica and a Sentinel, a cluster.

    with alone(folder) as server:
        RedisThrottle(server.url, key=KEY)
"""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority
from processes import PATIENCE, free_port
from redis import Redis
from servers import program

PASSWORD = "a p@ss/word:of%tests"

SLOTS = (range(5461), range(5461, 10923), range(10923, 16384))
"""Of a cluster's three servers."""


@dataclass
class RedisServer:
    """One process, that can be taken away and come back on the same port."""

    folder: Path
    port: int
    options: tuple[str, ...] = ()
    program: str = "redis-server"
    reach: dict[str, Any] = field(default_factory=dict)
    _process: "subprocess.Popen[str] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def admin(self) -> Redis:
        return Redis("127.0.0.1", self.port, socket_timeout=PATIENCE, **self.reach)

    def ask(self, *command: str) -> Any:
        with self.admin as admin:
            return admin.execute_command(*command)

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> "RedisServer":
        """Empty, as nothing is kept. Comes back when it accepts connections."""
        if self._process is None:
            self._process = subprocess.Popen(
                [program(self.program), *self.options],
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,  # Ctrl-C is for whoever started it, who ends it in order
            )
            self._wait_until_ready(self._process)
        return self

    def kill(self) -> None:
        """As by a lost machine."""
        if self._process is not None:
            process, self._process = self._process, None
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()

    @contextmanager
    def is_gone(self) -> Iterator[None]:
        """Nobody is there; afterwards it is back, and empty."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def hangs(self) -> Iterator[None]:
        """Connections are taken by the kernel, and nobody answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @contextmanager
    def wants(self, password: str) -> Iterator[None]:
        """From everybody who connects from now on."""
        self.ask("CONFIG", "SET", "requirepass", password)
        self.reach["password"] = password
        try:
            yield
        finally:
            self.ask("CONFIG", "SET", "requirepass", "")
            del self.reach["password"]

    def _wait_until_ready(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        said = []
        with process.stdout:  # what it says later is not kept: it goes on without
            for line in process.stdout:
                said.append(line)
                if "eady to accept connections" in line or "+monitor master" in line:
                    return
        pytest.fail(f"{self.program} does not start:\n{''.join(said)}")


def eventually(is_true: Callable[[], object]) -> None:
    """What servers agree on among themselves has no event for others to wait for. Counts, because
    in some tests the clock stands still.
    """
    for _ in range(int(PATIENCE / 0.02)):
        if is_true():
            return
        time.sleep(0.02)
    pytest.fail("that never came true")


@contextmanager
def running(server: RedisServer) -> Iterator[RedisServer]:
    server.folder.mkdir(parents=True, exist_ok=True)
    try:
        yield server.start()
    finally:
        server.kill()


def _options(port: int, *more: str) -> tuple[str, ...]:
    return ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", *more)


@contextmanager
def alone(folder: Path) -> Iterator[RedisServer]:
    """Also by the socket `redis.sock` in its folder."""
    port = free_port()
    options = _options(port, "--unixsocket", str(folder / "redis.sock"))
    with running(RedisServer(folder, port, options)) as server:
        yield server


@contextmanager
def guarded(folder: Path) -> Iterator[tuple[RedisServer, Path]]:
    """With TLS and `PASSWORD`; and the certificate of the authority that vouches for it."""
    folder.mkdir(parents=True)
    authority = Authority()
    files = authority.write(folder)
    port = free_port()
    options = (
        *("--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1"),
        *("--tls-cert-file", str(files.certificate), "--tls-key-file", str(files.key)),
        *("--tls-ca-cert-file", str(files.authority), "--tls-auth-clients", "no"),
        *("--requirepass", PASSWORD, "--save", "", "--appendonly", "no"),
    )
    reach = {"ssl": True, "ssl_ca_certs": str(files.authority), "password": PASSWORD}
    with running(RedisServer(folder, port, options, reach=reach)) as server:
        yield server, files.authority


@dataclass
class Watched:
    """A master, its replica, and the Sentinel that watches them."""

    master: RedisServer
    replica: RedisServer
    sentinel: RedisServer

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.sentinel.port}/counters"

    def is_replicated(self) -> bool:
        said = self.replica.ask("INFO", "replication")
        return bool(said["master_link_status"] == "up")

    def has_all_copied(self) -> bool:
        return bool(self.replica.ask("KEYS", "*") == self.master.ask("KEYS", "*") != [])

    def is_watched(self) -> bool:
        return bool(self.sentinel.ask("SENTINEL", "REPLICAS", "counters"))

    def is_failed_over(self) -> bool:
        address = self.sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "counters")
        return int(address[1]) == self.replica.port


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    with ExitStack() as stack:
        master = stack.enter_context(alone(folder / "master"))
        port = free_port()
        options = _options(port, "--replicaof", "127.0.0.1", str(master.port))
        replica = RedisServer(
            folder / "replica", port, (*options, "--repl-diskless-sync-delay", "0")
        )
        master.ask("CONFIG", "SET", "repl-diskless-sync-delay", "0")
        stack.enter_context(running(replica))
        servers = Watched(master, replica, _sentinel(folder / "sentinel", master))
        eventually(servers.is_replicated)  # a Sentinel looks for replicas when it starts
        stack.enter_context(running(servers.sentinel))
        eventually(servers.is_watched)
        yield servers


def _sentinel(folder: Path, master: RedisServer) -> RedisServer:
    folder.mkdir()
    port = free_port()
    config = folder / "sentinel.conf"
    config.write_text(
        f"port {port}\nbind 127.0.0.1\n"
        f"sentinel monitor counters 127.0.0.1 {master.port} 1\n"
        "sentinel down-after-milliseconds counters 300\n"
    )
    return RedisServer(folder, port, (str(config),), program="redis-sentinel")


@dataclass
class RedisCluster:
    """Three masters that share the keys."""

    nodes: list[RedisServer]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"redis+cluster://{hosts}"

    def move(self, slots: range, taker: RedisServer) -> None:
        """They are this one's from now on. All servers that live are told, and emptied."""
        new = taker.ask("CLUSTER", "MYID")
        for node in [taker, *(one for one in self.nodes if one.is_running)]:
            with node.admin as admin:
                admin.flushall()
                told = admin.pipeline(transaction=False)
                for slot in slots:
                    told.execute_command("CLUSTER", "SETSLOT", slot, "NODE", new)
                told.execute()

    def has_settled(self) -> bool:
        infos = [node.ask("CLUSTER", "INFO") for node in self.nodes]
        return all(b"cluster_state:ok" in one and b"known_nodes:3" in one for one in infos)


@contextmanager
def cluster(folder: Path) -> Iterator[RedisCluster]:
    with ExitStack() as stack:
        nodes = []
        for number in range(3):
            port, bus = free_port(), str(free_port())
            options = ("--cluster-enabled", "yes", "--cluster-port", bus)
            node = RedisServer(folder / str(number), port, _options(port, *options))
            nodes.append(stack.enter_context(running(node)))
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", str(number + 1))
            node.ask("CLUSTER", "ADDSLOTSRANGE", str(SLOTS[number][0]), str(SLOTS[number][-1]))
            nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", str(port), bus)
        servers = RedisCluster(nodes)
        eventually(servers.has_settled)
        yield servers
