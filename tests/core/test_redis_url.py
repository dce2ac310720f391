"""`UNLATCH_REDIS_URL`: what it takes; and a fault is a sentence that does not tell the password."""

import importlib.util

import pytest

from unlatch.errors import SettingsError
from unlatch.redis_url import RedisUrl
from unlatch.settings import Settings


def fault_of(url):
    with pytest.raises(SettingsError) as refused:
        Settings.read({"UNLATCH_REDIS_URL": url}, development=True)
    (fault,) = refused.value.faults
    return fault


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("redis://cache", RedisUrl(kind="alone", hosts=(("cache", 6379),))),
        ("valkey://cache:1/2", RedisUrl(kind="alone", hosts=(("cache", 1),), database=2)),
        ("redis://[::1]:7000/", RedisUrl(kind="alone", hosts=(("::1", 7000),))),
        (
            "rediss://ada:p%40ss%3A@cache",
            RedisUrl(
                kind="alone", hosts=(("cache", 6379),), tls=True, username="ada", password="p@ss:"
            ),
        ),
        ("redis://:word@cache", RedisUrl(kind="alone", hosts=(("cache", 6379),), password="word")),
        ("unix:///run/r.sock?db=3", RedisUrl(kind="alone", socket="/run/r.sock", database=3)),
        (
            "redis+sentinel://a,b:1/mymaster/4",
            RedisUrl(
                kind="sentinel", hosts=(("a", 26379), ("b", 1)), service="mymaster", database=4
            ),
        ),
        (
            "valkeys+cluster://:word@a,b:1",
            RedisUrl(kind="cluster", hosts=(("a", 6379), ("b", 1)), tls=True, password="word"),
        ),
    ],
)
def test_what_it_takes(url, read):
    assert RedisUrl.read(url) == read
    assert Settings.read({"UNLATCH_REDIS_URL": url}, development=True).redis_url == url


@pytest.mark.parametrize(
    "url",
    [
        "cache:6379",
        "http://cache",
        "redis://",
        "redis://:s3cret@cache:port",
        "redis://:s3cret@cache:99999",
        "redis://:s3cret@cache/first",
        "redis://:s3cret@cache/0/1",
        "redis://:s3cr[et@cache",
        "redis://:s3cret#@cache",
        "redis://cache/\N{SUPERSCRIPT TWO}",
        "redis+other://:s3cret@cache",
        "redis+sentinel://:s3cret@cache",
        "redis+cluster://:s3cret@cache/1",
        "unix://",
        "unix+cluster:///run/r.sock",
    ],
)
def test_what_it_does_not(url):
    fault = fault_of(url)

    assert fault.startswith("UNLATCH_REDIS_URL takes an address like redis://host:6379/0, ")
    assert "s3c" not in fault


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        (
            "rediss://:s3cret@cache?ssl_cert_reqs=none",
            "UNLATCH_REDIS_URL takes ssl_ca_certs after the question mark in a rediss:// address.",
        ),
        (
            "redis://:s3cret@cache?db=1",
            "UNLATCH_REDIS_URL takes nothing after the question mark in a redis:// address.",
        ),
        (
            "rediss://:s3cret@cache?ssl_ca_certs=/nowhere.pem",
            "UNLATCH_REDIS_URL names '/nowhere.pem' as ssl_ca_certs, which is no file.",
        ),
    ],
)
def test_no_option_passes_in_silence(url, fault):
    """One of redis-py's would switch the check of certificates off."""
    assert fault_of(url) == fault


def test_without_the_library_it_says_what_to_install(monkeypatch):
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "redis" else there(name)
    )

    assert fault_of("redis://cache") == (
        "UNLATCH_REDIS_URL is set, but the library that speaks to Redis is missing; "
        "install it with `pip install 'redis[hiredis]'`."
    )


def test_the_password_is_in_no_repr():
    url = "redis://:s3cret@cache"

    assert "s3cret" not in repr(RedisUrl.read(url))
    assert "s3cret" not in repr(Settings.read({"UNLATCH_REDIS_URL": url}, development=True))
