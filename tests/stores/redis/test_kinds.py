"""By every kind of address two processes count together; no stranger's server is believed."""

import pytest
from certificates import Authority
from redis_fixtures import KEY, PATIENT
from redis_servers import PASSWORD, eventually

from unlatch.core.throttle import Allowance, Limit
from unlatch.core.times import HOUR
from unlatch.stores.redis.throttle import RedisThrottle

pytestmark = pytest.mark.slow

NOW = 1_780_000_000_000_000
ADA = Allowance(Limit("two", 2, HOUR), "198.51.100.7")
AS_USER = "redis{}://{}:a%20p%40ss%2Fword%3Aof%25tests@127.0.0.1:{}/1{}"


def connect(url, **more):
    return RedisThrottle(url, key=KEY, **({"deadline": PATIENT} | more))


def count_together(url):
    """Whether two that know nothing of one another but the address do."""
    one, other = connect(url), connect(url)
    waits = [throttle.take([ADA], now=NOW) for throttle in (one, other, one, other)]
    return waits == [0, 0, HOUR // 2, HOUR // 2]


def count_apart(url):
    """Whether each counts for itself, and nobody is the worse for it."""
    one, other = connect(url), connect(url)
    waits = [throttle.take([ADA], now=NOW) for throttle in (one, other, one, other)]
    return waits == [0, 0, 0, 0] and one.degraded and other.degraded


def test_alone(redis):
    assert count_together(redis.url)
    assert count_together(redis.url.replace("/0", "/3"))  # a database is a server of its own
    assert not count_together(redis.url)


def test_by_a_socket(redis):
    assert count_together(f"unix://{redis.folder}/redis.sock?db=2")


def test_with_tls_and_a_password(guarded_redis):
    server, authority = guarded_redis
    url = AS_USER.format("s", "default", server.port, f"?ssl_ca_certs={authority}")

    assert count_together(url)
    assert PASSWORD not in repr(connect(url)._url)


def test_no_password_goes_to_a_server_that_nobody_vouches_for(guarded_redis, tmp_path, caplog):
    server, _ = guarded_redis
    strange = Authority().write(tmp_path).authority

    assert count_apart(AS_USER.format("s", "default", server.port, f"?ssl_ca_certs={strange}"))
    assert count_apart(AS_USER.format("s", "default", server.port, ""))
    assert "CERTIFICATE_VERIFY_FAILED" in caplog.text
    assert PASSWORD not in caplog.text


def test_a_wrong_password(redis, caplog):
    with redis.wants("another"):
        assert count_apart(f"redis://:not-this-one@127.0.0.1:{redis.port}/0")
    assert "not-this-one" not in caplog.text


def test_through_a_fail_over_of_sentinels(watched_redis):
    throttle = connect(watched_redis.url, pause=0.0)
    assert count_together(watched_redis.url)

    eventually(watched_redis.has_all_copied)
    watched_redis.master.kill()
    assert throttle.take([ADA], now=NOW) == 0  # in memory
    assert throttle.degraded
    eventually(watched_redis.is_failed_over)
    eventually(lambda: not throttle.degraded)

    assert throttle.take([ADA], now=NOW) > 0  # in the replica, as it was
    assert not throttle._circuit.is_open


def test_a_cluster(redis_cluster):
    """Its keys lie on all its servers, wherever whoever asks came in."""
    throttle = connect(redis_cluster.url)
    everybody = [Allowance(ADA.limit, f"198.51.100.{number}") for number in range(50)]
    throttle.take(everybody, now=NOW)

    for node in redis_cluster.nodes:
        assert node.ask("DBSIZE") > 0
    assert connect(redis_cluster.url).take(everybody, now=NOW) == 0
    assert throttle.take(everybody, now=NOW) == HOUR // 2


def test_nobody_reads_there_who_came(redis):
    """An address has too few values to be safe behind a hash without a key."""
    for key in (KEY, b"another"):
        RedisThrottle(redis.url, key=key, deadline=PATIENT).take([ADA], now=NOW)

    keys = redis.ask("KEYS", "*")
    assert len(keys) == 2
    assert f"unlatch:{ADA.key.hex()}".encode() not in keys
    assert {len(key) for key in keys} == {len("unlatch:") + 32}


def test_counters_go_by_themselves(redis):
    connect(redis.url).take([ADA], now=NOW)

    (key,) = redis.ask("KEYS", "*")
    assert 0 < redis.ask("PTTL", key) <= HOUR / 1000 * 0.6
