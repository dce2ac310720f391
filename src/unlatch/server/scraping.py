"""The port at which Prometheus finds what all worker processes have counted together.

The process that supervises them serves it: whichever worker dies, what it counted is there. A
sender apart serves its own.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from flask import Flask
from prometheus_client import CollectorRegistry, Metric, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from unlatch.server.listening import CannotListen
from unlatch.server.metrics import add_metrics
from unlatch.server.readiness import watch_of
from unlatch.server.slots import make_folder
from unlatch.settings import Address

PATIENCE = 2.0
"""Seconds that a worker has to say how it stands, which takes one and a little."""


class _Everything(Collector):
    """Args:
    counted: By the processes.
    is_ready: Asks one of them, which writes down among the rest how it finds things to stand.
    """

    def __init__(self, counted: Collector, is_ready: Callable[[], bool]) -> None:
        self._counted = counted
        self._is_ready = is_ready

    def collect(self) -> Iterator[Metric]:
        ready = GaugeMetricFamily("unlatch_ready", "Whether a process answers that it is ready.")
        ready.add_metric((), self._is_ready())  # first, for what is written down
        yield ready
        yield from self._counted.collect()


@contextmanager
def show_workers(where: Address, site: Address) -> Iterator[Path]:
    """Show what worker processes count; gives the folder in which they are to.

    Args:
        site: Where the workers are going to answer.

    Raises:
        CannotListen: Something else has the port.
    """
    folder = make_folder()
    try:
        counted = MultiProcessCollector(None, path=str(folder))
        _serve(where, _Everything(counted, partial(_answers_ready, site)))
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def show_own(where: Address, app: Flask) -> None:
    """Show what this process counts by itself, until it ends.

    Raises:
        CannotListen: Something else has the port.
    """
    own = CollectorRegistry()
    add_metrics(app, own)
    _serve(where, _Everything(own, lambda: watch_of(app).look().is_ready))


def _answers_ready(site: Address) -> bool:
    connection = HTTPConnection(site.host, site.port, timeout=PATIENCE)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _serve(where: Address, everything: _Everything) -> None:
    registry = CollectorRegistry()
    registry.register(everything)
    # Once here, before workers are forked: what the thread is importing at that moment would stay
    # half imported in a worker for ever.
    generate_latest(registry)
    try:
        start_http_server(where.port, where.host, registry)
    except OSError as error:
        raise CannotListen(
            f"UNLATCH_METRICS is {where}, where nothing can listen: {error.strerror}. Name a free "
            "port."
        ) from error
