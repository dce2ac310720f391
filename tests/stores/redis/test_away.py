"""Whatever Redis does, limits hold in each process, nobody waits, and counting together comes back
by itself.
"""

import logging
import os
import signal
import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest
from cable import cable
from crowd import crowd
from processes import PATIENCE, free_port
from redis_fixtures import KEY, PATIENT
from redis_servers import RedisServer, eventually

from unlatch.core.throttle import Allowance, Limit
from unlatch.core.times import HOUR
from unlatch.stores.redis.circuit import Circuit
from unlatch.stores.redis.scripts import NAME
from unlatch.stores.redis.throttle import RedisThrottle
from unlatch.threads import on_a_thread

pytestmark = pytest.mark.slow

NOW = 1_780_000_000_000_000
TWO = Limit("two", 2, HOUR)
ADA, BOB = Allowance(TWO, "ada"), Allowance(TWO, "bob")
FULL = [0, 0, HOUR // 2]
"""What is told of two, asked for three times."""

NEVER = 3_600.0


def connect(url, **more):
    return RedisThrottle(url, key=KEY, **({"deadline": PATIENT, "pause": 0.0} | more))


def ask_three(throttle, who=ADA):
    return [throttle.take([who], now=NOW) for _ in range(3)]


@contextmanager
def full(redis):
    redis.ask("CONFIG", "SET", "maxmemory", "1")
    yield
    redis.ask("CONFIG", "SET", "maxmemory", "0")


@contextmanager
def demoted(redis):
    """READONLY: a replica now, of nobody who is there."""
    redis.ask("REPLICAOF", "127.0.0.1", "1")
    yield
    redis.ask("REPLICAOF", "NO", "ONE")


@contextmanager
def barred(redis):
    with redis.wants("a password that nobody was told"):
        redis.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        yield


@pytest.mark.parametrize("away", [RedisServer.is_gone, full, demoted, barred])
def test_while_it_is_away_each_process_counts_and_then_they_count_together(redis, away, caplog):
    caplog.set_level(logging.INFO, "unlatch")
    throttle, other = connect(redis.url), connect(redis.url)
    assert throttle.take([BOB], now=NOW) == 0

    with away(redis):
        assert ask_three(throttle) == FULL
        throttle.give_back([ADA], now=NOW)
        assert throttle.take([ADA], now=NOW) == 0
        assert throttle.degraded
        assert ask_three(other) == FULL

    eventually(lambda: not (throttle.degraded or other.degraded))
    waits = [one.take([ADA], now=NOW) for one in (throttle, other, throttle, other)]
    assert waits == [0, 0, HOUR // 2, HOUR // 2]
    told = [one.getMessage().partition(":")[0] for one in caplog.records]
    assert told == ["Redis does not answer"] * 2 + ["Redis answers again"] * 2


def test_it_hangs(redis):
    """It takes connections, old and new, and answers none."""
    old, new = connect(redis.url, deadline=0.3), connect(redis.url, deadline=0.3)
    assert old.take([BOB], now=NOW) == 0
    assert not old._circuit.is_open

    with redis.hangs():
        assert ask_three(old) == ask_three(new) == FULL
        assert old.degraded
        assert new.degraded

    eventually(lambda: not (old.degraded or new.degraded))
    # No answer to an old question is taken for one to a new.
    assert old.take([Allowance(TWO, "eve")], now=NOW) == 0
    assert [new.take([BOB], now=NOW) for _ in range(2)] == [0, HOUR // 2]


def test_a_whole_cluster_hangs(redis_cluster):
    throttle = connect(redis_cluster.url, deadline=0.3)
    one, two, three = redis_cluster.nodes

    with one.hangs(), two.hangs(), three.hangs():
        assert ask_three(throttle) == FULL
        assert throttle.degraded

    eventually(lambda: not throttle.degraded)


def test_it_answers_a_byte_at_a_time(redis):
    """Each of them in time; and still nobody waits until the last."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        gone = threading.Event()
        threading.Thread(target=dribble, args=(listening, gone), daemon=True).start()
        throttle = connect(f"redis://127.0.0.1:{listening.getsockname()[1]}", deadline=0.2)

        assert ask_three(throttle) == FULL
        assert throttle._circuit.is_open
        assert not gone.is_set(), "it waited until the server had gone"


def dribble(listening, gone):
    """Goes on with one answer for as long as a test may take."""
    connection, _ = listening.accept()
    with connection, suppress(OSError):
        for _ in range(200):
            connection.sendall(b"+")
            time.sleep(0.02)
        gone.set()


def test_its_name_is_looked_up_for_ever(redis, monkeypatch, caplog):
    """Which has no time-out; who comes when it was found has the connection that was made."""
    found, look_up = threading.Event(), socket.getaddrinfo

    def slow_look_up(*asked):
        return found.wait(PATIENCE) and look_up(*asked)

    monkeypatch.setattr(socket, "getaddrinfo", slow_look_up)
    throttle = connect(redis.url, deadline=0.2, pause=NEVER)

    assert ask_three(throttle) == FULL
    assert "does not answer in time" in caplog.text
    found.set()

    throttle._circuit._next_try = 0.0  # the pause is over
    eventually(lambda: not throttle.degraded)
    assert throttle.take([ADA], now=NOW) == 0


def test_its_machine_vanishes_and_is_back(redis, caplog):
    """Whoever of many asked on a connection from before would wait, and have all others count for
    themselves again.
    """
    caplog.set_level(logging.INFO, "unlatch")
    with cable(redis.port) as wire:
        throttle = connect(f"redis://127.0.0.1:{wire.port}/0", deadline=1.0)
        wire.press()
        asking = [on_a_thread(lambda: throttle.take([BOB], now=NOW)) for _ in range(3)]
        eventually(lambda: wire.connections == 3)
        wire.release()
        assert sorted(one.result(PATIENCE) for one in asking) == FULL

        wire.lose()
        throttle.take([ADA], now=NOW)
        with crowd(3) as all_of_them:
            waits = all_of_them.at_once(lambda _: throttle.take([ADA], now=NOW))

    assert sorted(waits, key=str) == sorted(FULL, key=str)
    told = [one.getMessage().partition(":")[0] for one in caplog.records]
    assert told == ["Redis does not answer", "Redis answers again"]


def test_all_that_a_request_asks_has_one_deadline(redis):
    """Answers that come just in time, one after the other, would add up."""
    throttle = connect(redis.url, deadline=PATIENT)
    throttle.request_begins()
    assert throttle.take([ADA], now=NOW) == 0
    throttle._patience._left.seconds = 0.0  # as if that had taken all of it

    assert throttle.take([BOB], now=NOW) == 0
    assert throttle._circuit.is_open
    throttle.request_begins()
    assert throttle.take([ADA], now=NOW) == 0
    assert not throttle._circuit.is_open


def test_a_slow_question_leaves_less_for_the_next(redis):
    throttle = connect(redis.url, deadline=PATIENT)
    throttle.request_begins()
    throttle.take([ADA], now=NOW)
    after_one = throttle._patience._left.seconds
    throttle.take([BOB], now=NOW)

    assert throttle._patience._left.seconds < after_one < PATIENT


def test_while_it_is_away_one_asks_and_nobody_else_waits(redis):
    """Of many, once a pause; the others count in memory at once."""
    throttle = connect(redis.url, pause=NEVER)
    redis.kill()
    throttle.take([BOB], now=NOW)
    redis.start()

    assert ask_three(throttle) == FULL
    assert redis.ask("DBSIZE") == 0


def test_after_the_pause_one_of_many_tries():
    circuit = Circuit(pause=0.0)
    circuit.failed(OSError())
    circuit._pause = NEVER

    with crowd(20) as all_of_them:
        assert all_of_them.at_once(lambda _: circuit.lets_through()).count(True) == 1


def test_it_is_flushed_or_comes_back_empty(redis):
    """The limits are loosened, once, and nothing else happens."""
    throttle = connect(redis.url, pause=NEVER)
    assert ask_three(throttle) == FULL
    redis.ask("FLUSHALL")
    assert ask_three(throttle) == FULL

    throttle._circuit._pause = 0.0
    redis.kill()
    redis.start()
    throttle.take([BOB], now=NOW)
    eventually(lambda: not throttle.degraded)
    assert ask_three(throttle) == FULL
    assert not throttle._circuit.is_open


def test_it_has_forgotten_the_script(redis):
    throttle = connect(redis.url, pause=NEVER)
    redis.ask("SCRIPT", "FLUSH")
    assert redis.ask("SCRIPT", "EXISTS", NAME) == [False]
    assert throttle.take([ADA, BOB], now=NOW) == 0

    redis.ask("SCRIPT", "FLUSH")
    throttle.give_back([ADA], now=NOW)

    assert [throttle.take([ADA], now=NOW) for _ in range(2)] == [0, 0]
    assert throttle.take([ADA, BOB], now=NOW) > 0
    assert not throttle._circuit.is_open


@pytest.mark.parametrize("strange", [("SET", "soon"), ("SET", "1e400"), ("LPUSH", "1")])
def test_what_is_no_counter_counts_for_nothing(redis, strange):
    throttle = connect(redis.url, pause=NEVER)
    throttle.take([ADA], now=NOW)
    (key,) = redis.ask("KEYS", "*")
    redis.ask("DEL", key)
    redis.ask(strange[0], key, strange[1])

    assert ask_three(throttle) == FULL
    assert not throttle._circuit.is_open


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # which is the point
def test_a_forked_child_counts_for_itself_and_with_the_others(redis):
    """Its connections are its own, and what other threads held locked is not locked in it."""
    throttle = connect(redis.url)
    throttle.take([ADA], now=NOW)

    with throttle._memory._lock, throttle._circuit._lock:
        child = os.fork()
        if child == 0:
            signal.alarm(int(PATIENT))  # what is locked for ever is no test without an end
            own = Allowance(Limit("own", 1, HOUR, per_process=True), "ada")
            taken = [throttle.take([one], now=NOW) for one in (own, ADA)]
            os._exit(0 if taken == [0, 0] and not throttle._circuit.is_open else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert throttle.take([ADA], now=NOW) > 0


def test_however_many_look_whether_it_counts_one_at_a_time_asks(redis):
    """Else each who does, while Redis is slow to answer, would cost a thread and a connection."""
    throttle = connect(redis.url)
    before = set(threading.enumerate())
    with redis.hangs():
        assert not any(throttle.degraded for _ in range(50))
        asking = set(threading.enumerate()) - before
        assert 0 < len(asking) <= 2, asking  # it, and what connects for it

    eventually(lambda: redis.ask("DBSIZE") == 1)


def test_without_room_for_a_thread_to_look_whoever_looks_next_does(monkeypatch):
    def no_room(thread):
        raise RuntimeError("can't start new thread")

    throttle = connect(f"redis://127.0.0.1:{free_port()}")
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_room)
        assert not throttle.degraded

    eventually(lambda: throttle.degraded)
