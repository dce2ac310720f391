"""Servers of the tests' own."""

from redis_fixtures import (
    guarded_redis,
    lone_redis,
    own_cluster,
    redis,
    redis_cluster,
    settled_cluster,
    watched_redis,
)

__all__ = [
    "guarded_redis",
    "lone_redis",
    "own_cluster",
    "redis",
    "redis_cluster",
    "settled_cluster",
    "watched_redis",
]
