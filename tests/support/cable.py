"""A cable between a client and a server, which a test can cut, press so that nothing passes, or
lay anew.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

COMMIT = b"COMMIT\0"
"""As PostgreSQL's clients send it. ("READ COMMITTED" is another thing.)"""

Pair = tuple[socket.socket, socket.socket]


class Cable:
    """Listens on `port`, and passes on to a server on this machine what comes.

    Attributes:
        to: The server's port; one where nobody listens is a server that is away.
        cut_before: Where a client says this, all is cut, and the server never hears it.
        cut_after: Where a client says this, the server hears it, and its answer is cut off.
        press_before: Where a client says this, it is pressed before the server hears it.
    """

    def __init__(self, to: int) -> None:
        self.cut_before: bytes | None = None
        self.cut_after: bytes | None = None
        self.press_before: bytes | None = None
        self.to = to
        self._open = _an_open_one()
        self._lost: list[threading.Event] = []
        self._pairs: list[Pair] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def press(self) -> None:
        """Nothing passes any more, and nobody is told."""
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def lose(self) -> None:
        """Nothing passes any more on the connections that there are, as if one end had lost its
        power; on new ones all does.
        """
        self.press()
        self._lost.append(self._open)
        self._open = _an_open_one()

    @property
    def connections(self) -> int:
        """How many were made since it was last cut."""
        return len(self._pairs)

    def cut(self) -> None:
        """All connections that there are end; new ones may be made."""
        for pair in self._pairs:
            _end(pair)
        self._pairs.clear()

    def close(self) -> None:
        for one in (self._open, *self._lost):
            one.set()
        _end((self._listener,))
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._join(self._listener.accept()[0])

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.to))
        except OSError:  # it is away, and who calls hears so; the next may find it back
            _end((client,))
            return
        self._pairs.append((client, server))
        for source, target, watched in ((client, server, True), (server, client, False)):
            passing = threading.Thread(
                target=self._pass_on, args=(source, target, watched), daemon=True
            )
            passing.start()

    def _pass_on(self, source: socket.socket, target: socket.socket, watched: bool) -> None:
        is_open = self._open
        with suppress(OSError):
            while said := source.recv(65536):
                if watched and self.press_before and self.press_before in said:
                    self.press()
                is_open.wait()
                if watched and self.cut_before and self.cut_before in said:
                    break
                if watched and self.cut_after and self.cut_after in said:
                    self._hear_but_not_answer(source, target, said)
                    break
                target.sendall(said)
        _end((source, target))

    def _hear_but_not_answer(
        self, client: socket.socket, server: socket.socket, said: bytes
    ) -> None:
        _end((client,))
        server.sendall(said)
        server.shutdown(socket.SHUT_WR)
        while server.recv(65536):  # until it has done what it heard, and hangs up
            pass


def _an_open_one() -> threading.Event:
    is_open = threading.Event()
    is_open.set()
    return is_open


def _end(sockets: tuple[socket.socket, ...]) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def cable(to: int) -> Iterator[Cable]:
    """One, taken away afterwards."""
    laid = Cable(to)
    try:
        yield laid
    finally:
        laid.close()
