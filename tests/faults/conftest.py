"""A site to besiege, and the mail server that it has."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.siege import Siege
from postgres import Postgres, postgres
from postman import Postman, mail_server
from processes import free_port
from redis_fixtures import lone_redis, redis
from redis_servers import RedisServer

__all__ = ["lone_redis", "postgres", "redis"]


@pytest.fixture
def postman() -> Iterator[Postman]:
    with mail_server(free_port()) as postman:
        yield postman


@pytest.fixture
def besiege(tmp_path: Path, postman: Postman) -> Iterator[Callable[..., Siege]]:
    """`besiege(**settings)`: a site of its own, with its tables, that runs."""
    started: list[Siege] = []

    def begin(*, workers: int = 1, **settings: str) -> Siege:
        siege = Siege(tmp_path, postman, settings, workers=workers)
        started.append(siege)
        stores = siege.stores
        stores.database.upgrade()
        stores.close()
        siege.start()
        return siege

    yield begin
    for siege in started:
        siege.stop(signal.SIGKILL)


@pytest.fixture
def besiege_many(
    besiege: Callable[..., Siege], postgres: Postgres, redis: RedisServer
) -> Callable[..., Siege]:
    """The same for four workers, over a PostgreSQL that goes on; `url=` names another."""

    def begin(url: str = "", *, workers: int = 4, **settings: str) -> Siege:
        return besiege(
            workers=workers,
            UNLATCH_DATABASE_URL=url or postgres.url(postgres.fresh()),
            **{"UNLATCH_REDIS_URL": redis.url} | settings,
        )

    return begin
