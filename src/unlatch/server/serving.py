"""Runs granian: its limits, its end, and its beginning anew."""

import asyncio
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer as Server

from unlatch.flask.loading import load_names
from unlatch.flask.sender.alone import STOPPING
from unlatch.server.listening import Place
from unlatch.server.logs import logs
from unlatch.server.patience import Patience
from unlatch.server.relay import relay
from unlatch.server.worker import load

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_THREADS = 64
"""Some of them read bodies, the others hold who waits for a turn: `Turns` lets few requests at a
time go on. An idle one costs next to nothing.
"""

_CONNECTIONS = 512
"""At once, idle ones included. More wait in the kernel."""

_HEADERS_MAX = 16 * 1024
"""Bytes of all headers of a request; with more it is answered 431, before any work is done for it.
"""

log = logging.getLogger("unlatch")


def serve(
    config: Mapping[str, object],
    place: Place,
    ready: Callable[[], None],
    *,
    workers: int = 1,
    counts: Path | None = None,
    development: bool = True,
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP.

    Args:
        config: The settings, for the workers.
        ready: Called once, from a thread, when the server answers.
        workers: How many processes; more than one where `check_workers` has nothing against it.
        counts: The folder for what the workers count; None to count nothing.
        development: Whether the log is for a person to read, wherever it goes.

    Raises:
        CrashLoop: The workers died again and again.
    """
    if sys.platform == "linux":
        # A forked worker need not import everything again; Python 3.14 would not fork.
        multiprocessing.set_start_method("fork", force=True)
    if workers > 1:
        load_names()  # once for all of them, instead of by the first visitor of each
    # What the thread is importing when a worker is forked would stay half imported in the worker
    # for ever. All that it needs is imported by its first connection, so one is tried before.
    _answers(place)
    threading.Thread(target=_front, args=(place, ready), daemon=True).start()
    patience = Patience()
    log_config = logs(development=development)
    while True:
        began = time.monotonic()
        server = _server(place, workers, log_config)
        if _run(server, partial(load, config, os.getpid(), counts)):
            return
        pause = patience.pause_after(time.monotonic() - began)
        log.warning("Unlatch starts again in %.0f s.", pause)
        server.main_loop_interrupt.clear()
        server.main_loop_interrupt.wait(pause)
        if server.interrupt_signal:
            return


def _server(place: Place, workers: int, log_config: dict[str, Any]) -> Server:
    server = Server(
        "unlatch.server",
        address=place.address,
        port=place.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(max_buffer_size=_HEADERS_MAX),
        workers=workers,
        blocking_threads=_THREADS,
        backpressure=_CONNECTIONS,
        respawn_failed_workers=True,
        workers_kill_timeout=STOPPING,
        log_level=LogLevels.error,
        log_dictconfig=log_config,
        log_access=False,  # addresses may carry the token of a mailed link
    )
    if hasattr(signal, "SIGHUP"):
        server.on_startup(partial(_end_on_hangup, server, signal.getsignal(signal.SIGHUP)))
    return server


def _end_on_hangup(server: Server, before: object) -> None:
    """End when the terminal is closed, unless started by nohup. (granian would start its workers
    anew, and stay behind without a terminal.)
    """
    ignored = before is signal.SIG_IGN
    signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else server.signal_handler_interrupt)


def _run(server: Server, load: "Callable[[], WSGIApplication]") -> bool:
    """Whether it was told to end, and did not give up."""
    with suppress(SystemExit):  # its way to say that it gave up
        server.serve(target_loader=load, wrap_loader=False)
    return bool(server.interrupt_signal)


def _front(place: Place, ready: Callable[[], None]) -> None:
    """Wait for the server to answer, say so, and pass on what comes to its twin address."""
    while not _answers(place):
        time.sleep(0.02)
    ready()
    if place.twin is not None:
        asyncio.run(relay(place.twin, place.reachable, place.port))


def _answers(place: Place) -> bool:
    try:
        socket.create_connection((place.reachable, place.port), 1).close()
    except OSError:
        return False
    return True
