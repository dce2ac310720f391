"""A passkey whose signatures no quantum computer forges (ML-DSA), made and used by a real browser.

The site offers these last, and Chromium's device makes the first that it knows: the offer is
turned round on its way to the page. `make test` sees to a Chromium whose device knows them;
of Playwright's own, which may be older, it is asked in a tab of its own.
"""

import os

import cbor2
import pytest
from playwright.sync_api import Route

OPTIONS = "**/auth/account/passkeys/options"

MAKES = """
async algorithm => {
  const asked = {
    rp: { id: "localhost", name: "localhost" },
    user: { id: new Uint8Array(8), name: "nobody", displayName: "nobody" },
    challenge: new Uint8Array(32),
    pubKeyCredParams: [algorithm, -7, -257].map((alg) => ({ type: "public-key", alg })),
  };
  const { response } = await navigator.credentials.create({ publicKey: asked });
  return response.getPublicKeyAlgorithm() === algorithm;
}
"""


@pytest.fixture
def makes(visitor):
    """`makes(algorithm)`: whether this browser's device does."""

    def ask(algorithm: int) -> bool:
        page, _ = visitor.another_tab()
        page.goto("/")
        made: bool = page.evaluate(MAKES, algorithm)
        page.close()
        return made

    return ask


def offers_first(algorithm):
    """Answers a request for options with this one before the others."""

    def turn_round(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["publicKey"]["pubKeyCredParams"].sort(key=lambda one: one["alg"] != algorithm)
        route.fulfill(response=answer, json=body)

    return turn_round


@pytest.mark.parametrize(
    ("algorithm", "kind", "size"),
    [(-48, 7, 1312), (-49, 7, 1952), (-8, 1, None)],
    ids=["ML-DSA-44", "ML-DSA-65", "EdDSA, to show that the first is made"],
)
def test_the_passkey_that_is_offered_first_is_made_and_signs_in(
    visitor, site, mira, makes, algorithm, kind, size
):
    if not makes(algorithm):
        version = visitor.context.browser.version
        assert not os.environ.get("E2E_CHROMIUM"), f"Chromium {version} makes no such passkeys"
        pytest.skip(f"the device of Chromium {version} makes no post-quantum passkeys")
    stores = site.app.extensions["unlatch"].stores
    owner = stores.accounts.by_username("mira")
    visitor.sign_in(mira)
    visitor.device.drop()
    visitor.page.route(OPTIONS, offers_first(algorithm))

    visitor.goto("/auth/account/passkeys/new")
    visitor.press("Create a passkey")
    visitor.arrive_at_account()

    (credential_id,) = visitor.device.passkeys()
    (made,) = [one for one in stores.passkeys.of(owner.id) if one.credential_id == credential_id]
    key = cbor2.loads(made.public_key)
    assert (key[1], key[3]) == (kind, algorithm)
    assert size is None or len(key[-1]) == size

    visitor.press("Sign out")
    visitor.sees("Welcome back")
    visitor.passkey_button.click()
    visitor.arrive_at_account()
    (used,) = [one for one in stores.passkeys.of(owner.id) if one.id == made.id]
    assert used.last_used_at is not None
