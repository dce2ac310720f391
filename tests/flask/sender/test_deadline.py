"""The deadline: an end from outside to whatever a connection is waiting for."""

import socket

import pytest

from unlatch.flask.sender.deadline import Deadline


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    with ours, theirs:
        yield ours, theirs


def test_a_read_that_waits_for_ever_sees_the_end(ends):
    ours, _ = ends
    with Deadline(0.05) as deadline:
        deadline.watch(ours)

        assert ours.recv(1) == b""
        with pytest.raises(TimeoutError):
            deadline.left()


def test_a_connection_that_was_done_in_time_is_left_alone(ends):
    ours, theirs = ends
    with Deadline(0.05) as deadline:
        deadline.watch(ours)
    deadline._timer.join(5)
    deadline._cut()

    theirs.sendall(b"x")
    assert ours.recv(1) == b"x"


def test_a_connection_is_reached_after_its_socket_was_taken_over(ends):
    """As TLS does: the old object is empty, and the new one is not known here."""
    ours, _ = ends
    with Deadline(0.05) as deadline:
        deadline.watch(ours)
        with socket.socket(fileno=ours.detach()) as taken_over:
            taken_over.settimeout(10)
            assert taken_over.recv(1) == b""


def test_only_the_newest_connection_is_cut(ends):
    first, other_end = ends
    second, second_end = socket.socketpair()
    with second, second_end, Deadline(0.05) as deadline:
        second.settimeout(10)
        deadline.watch(first)
        deadline.watch(second)

        assert second.recv(1) == b""
        other_end.sendall(b"x")
        assert first.recv(1) == b"x"


def test_a_connection_that_came_too_late_is_not_used(ends):
    ours, _ = ends
    with Deadline(0.0) as deadline, pytest.raises(TimeoutError):
        deadline.watch(ours)
