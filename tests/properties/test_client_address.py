"""Where a request comes from, whatever it says of that itself: an address that is no proxy of ours,
in one spelling, and never a failure.
"""

import ipaddress

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from unlatch import Unlatch
from unlatch.core.visitor import Client
from unlatch.flask import client

PROXIES = "10.0.0.0/8, fd00::/8"
TRUSTED = [ipaddress.ip_network(one) for one in PROXIES.split(", ")]

app = Flask("host")
app.config.update(
    UNLATCH_DEVELOPMENT="1",
    UNLATCH_DATABASE_URL="memory:",
    UNLATCH_SECRET_KEYS="KeysOfASiteThatIsOnlyAskedForAddresses-0123",  # so that none are kept
    UNLATCH_TRUSTED_PROXIES=PROXIES,
)
Unlatch(app)

addresses = st.one_of(
    st.ip_addresses().map(str),
    st.ip_addresses(network="10.0.0.0/8").map(str),
    st.ip_addresses(v=6).map(lambda one: f"[{one}]:443"),
    st.ip_addresses(v=4).map(lambda one: f"::ffff:{one}"),
)
rubbish = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60)
entries = st.lists(addresses | rubbish, max_size=6)


def found(peer: str, forwarded: list[str]) -> Client:
    headers = {"X-Forwarded-For": ", ".join(forwarded)}
    with app.test_request_context(headers=headers, environ_base={"REMOTE_ADDR": peer}):
        return client.client()


@given(st.ip_addresses().map(str) | rubbish, entries)
def test_whatever_is_forwarded_gives_one_address_in_one_spelling(peer, forwarded):
    who = found(peer, forwarded)

    for said in (who.address, who.network):
        assert said == "unknown" or said == str(ipaddress.ip_network(said))


@given(st.ip_addresses().filter(lambda one: not any(one in net for net in TRUSTED)), entries)
def test_a_stranger_is_who_he_is_whatever_he_forwards(peer, forwarded):
    assert found(str(peer), forwarded) == found(str(peer), [])


@given(st.ip_addresses(network="10.0.0.0/8"), st.ip_addresses(v=4, network="192.0.2.0/24"), entries)
def test_of_a_proxy_only_what_it_saw_itself_counts(proxy, seen, before):
    assert found(str(proxy), [*before, str(seen)]).address == f"{seen}/32"
