"""The port at which Prometheus finds what all worker processes have counted together.

The process that supervises them serves it: whichever worker dies, what it counted is there.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from unlatch.server.listening import CannotListen
from unlatch.server.slots import make_folder
from unlatch.settings import Address

PATIENCE = 2.0
"""Seconds that a worker has to say how it stands, which takes one and a little."""


class _Everything(Collector):
    """Args:
    folder: That of `slots.make_folder`.
    site: Where they answer.
    """

    def __init__(self, folder: Path, site: Address) -> None:
        self._counted = MultiProcessCollector(None, path=str(folder))
        self._site = site

    def collect(self) -> Iterator[Metric]:
        # First, since a worker that is asked writes down what it finds.
        ready = GaugeMetricFamily("unlatch_ready", "Whether a worker answers that it is ready.")
        ready.add_metric((), self._is_ready())
        yield ready
        yield from self._counted.collect()

    def _is_ready(self) -> bool:
        connection = HTTPConnection(self._site.host, self._site.port, timeout=PATIENCE)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


@contextmanager
def metrics_shown(where: Address, site: Address) -> Iterator[Path]:
    """Answer from a thread; gives the folder in which workers are to count.

    Args:
        site: Where the workers are going to answer.

    Raises:
        CannotListen: Something else has the port.
    """
    folder = make_folder()
    try:
        _serve(where, _Everything(folder, site))
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
