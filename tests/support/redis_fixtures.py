"""Redis servers for whoever asks for them: one of each kind for each process of tests, emptied and
set right for each test.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis_servers import RedisCluster, RedisServer, Watched, alone, cluster, guarded, watched

KEY = b"a key that names counters in tests"
PATIENT = 20.0
"""A deadline for tests that are about something else: a busy machine is no fault of Redis's."""


@pytest.fixture(scope="session")
def lone_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with alone(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(lone_redis: RedisServer) -> RedisServer:
    """Stands alone; running and empty, whatever the test before did to it."""
    lone_redis.start()
    lone_redis.ask("CONFIG", "SET", "maxmemory", "0")
    lone_redis.ask("REPLICAOF", "NO", "ONE")
    lone_redis.ask("FLUSHALL")
    return lone_redis


@pytest.fixture(scope="session")
def guarded_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RedisServer, Path]]:
    with guarded(tmp_path_factory.mktemp("guarded") / "redis") as server:
        yield server


@pytest.fixture
def watched_redis(tmp_path: Path) -> Iterator[Watched]:
    """For one test: it is used up by a fail-over."""
    with watched(tmp_path) as servers:
        yield servers


@pytest.fixture(scope="session")
def settled_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as servers:
        yield servers


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[RedisCluster]:
    """For one test, which moves its keys about and kills its servers."""
    with cluster(tmp_path) as servers:
        yield servers


@pytest.fixture
def redis_cluster(settled_cluster: RedisCluster) -> RedisCluster:
    for node in settled_cluster.nodes:
        node.ask("FLUSHALL")
    return settled_cluster
