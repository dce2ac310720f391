"""Another site asks for the signature: it passes on our challenge, or shows our page in a frame of
its own, and the browser says so in what is signed.
"""

import pytest
from ceremonies import ACCEPTED, REFUSED, additions, proofs, sign_ins

FROM_ELSEWHERE = {
    "another site": {"origin": "https://evil.example"},
    "a sub-domain": {"origin": "https://www.acme.example"},
    "the parent": {"origin": "https://example"},
    "one that begins like ours": {"origin": "https://acme.example.evil.example"},
    "one that ends like ours": {"origin": "https://not-acme.example"},
    "no TLS": {"origin": "http://acme.example"},
    "another port": {"origin": "https://acme.example:8443"},
    "the same port, said aloud": {"origin": "https://acme.example:443"},
    "a path": {"origin": "https://acme.example/"},
    "in capitals": {"origin": "https://ACME.example"},
    "an app": {"origin": "android:apk-key-hash:AAAA"},
    "nowhere": {"origin": "null"},
    "nothing": {"origin": ""},
    "in somebody's frame": {"cross_origin": True},
    "with somebody on top": {"cross_origin": True, "top_origin": "https://evil.example"},
    "on top, but not across": {"top_origin": "https://evil.example"},
    "with ourselves on top": {"top_origin": "https://acme.example"},
    "for another relying party": {"rp_id": "evil.example"},
    "for a sub-domain of ours": {"rp_id": "www.acme.example"},
    "for nobody": {"rp_id": ""},
}


@pytest.mark.parametrize("attempt", [sign_ins, additions, proofs])
def test_what_was_signed_elsewhere_is_refused(mira, kept, attempt):
    before = kept.kinds()

    assert attempt(mira, FROM_ELSEWHERE) == dict.fromkeys(FROM_ELSEWHERE, REFUSED)
    assert kept.kinds() == before


def test_what_was_signed_here_is_accepted(mira):
    here = {"here": {"origin": "https://acme.example", "cross_origin": False}}

    assert sign_ins(mira, here) == {"here": ACCEPTED}
