"""Which addresses and which port."""

import errno
import socket

import pytest

from unlatch.server import listening
from unlatch.server.listening import CannotListen, find_place


@pytest.fixture
def ports(free_ports):
    return free_ports(2)


@pytest.fixture
def free_ports():
    """Ports free a moment ago on both addresses."""

    def find(number):
        found: list[int] = []
        while len(found) < number:
            with socket.socket() as one, socket.socket(socket.AF_INET6) as two:
                one.bind(("127.0.0.1", 0))
                port = one.getsockname()[1]
                try:
                    two.bind(("::1", port))
                except OSError:
                    continue
            found.append(port)
        return found

    return find


@pytest.fixture
def occupied():
    """Occupies a port of an address for the length of the test."""
    taken = []

    def occupy(address, port):
        taken.append(socket.create_server((address, port), family=family(address)))

    yield occupy
    for listener in taken:
        listener.close()


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@pytest.fixture
def found():
    """Finds a place, and gives its twin back at the end."""
    places = []

    def find(host, port=None):
        places.append(find_place(host, port))
        return places[-1]

    yield find
    for place in places:
        if place.twin is not None:
            place.twin.close()


def test_localhost_is_both_addresses(found, ports):
    place = found("localhost", ports[0])

    assert (place.address, place.port) == ("127.0.0.1", ports[0])
    assert place.twin.getsockname()[:2] == ("::1", ports[0])
    assert place.is_loopback


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.0.0.1", True), ("::1", True), ("0.0.0.0", False), ("::", False)]
)
def test_an_address_is_taken_at_its_word(found, ports, host, loopback):
    place = found(host, ports[0])

    assert (place.address, place.twin, place.is_loopback) == (host, None, loopback)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_next_port_is_found_when_one_is_taken_on_either_address(
    monkeypatch, found, occupied, ports, address
):
    monkeypatch.setattr(listening, "PORTS", ports)
    occupied(address, ports[0])

    assert found("localhost").port == ports[1]


def test_two_servers_never_share_a_port(monkeypatch, found, ports):
    """Not even before the first one has begun to listen."""
    monkeypatch.setattr(listening, "PORTS", ports)

    assert [found("localhost").port, found("localhost").port] == ports


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_taken_port_is_told(occupied, ports, address):
    occupied(address, ports[0])

    with pytest.raises(CannotListen, match=f"^Port {ports[0]} is taken: "):
        find_place("localhost", ports[0])


def test_no_free_port_at_all_is_told(monkeypatch, occupied, ports):
    monkeypatch.setattr(listening, "PORTS", ports)
    for port in ports:
        occupied("127.0.0.1", port)

    with pytest.raises(CannotListen, match=f"^Ports {ports[0]} to {ports[1]} are all taken: "):
        find_place("localhost", None)


@pytest.mark.parametrize("lacking", [errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_without_ipv6_localhost_is_one_address(monkeypatch, found, ports, lacking):
    listen = listening._listen

    def without_ipv6(address, port):
        if address == "::1":
            raise OSError(lacking, "no IPv6 here")
        return listen(address, port)

    monkeypatch.setattr(listening, "_listen", without_ipv6)

    assert found("localhost", ports[0]).twin is None


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (errno.EACCES, "Port 80 is not for every user"),
        (errno.ENETDOWN, "Port 80 of localhost cannot be used: down."),
    ],
)
def test_other_trouble_is_told(monkeypatch, error, sentence):
    def fail(address, port):
        raise OSError(error, "down")

    monkeypatch.setattr(listening, "_listen", fail)

    with pytest.raises(CannotListen, match=sentence):
        find_place("localhost", 80)


def test_a_name_that_nobody_knows_is_told():
    with pytest.raises(CannotListen, match="which is no address"):
        find_place("nowhere.invalid", 5000)
