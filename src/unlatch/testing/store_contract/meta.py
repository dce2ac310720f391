"""Promises about what is true of the store as a whole."""

from unlatch.core.decoys import KEPT_AS
from unlatch.core.ports import Stores
from unlatch.testing.store_contract.making import an_account, kept


class MetaPromises:
    def test_a_new_store_has_a_secret_for_decoys_and_keeps_it(self, stores: Stores) -> None:
        secret = stores.meta.get(KEPT_AS)

        kept(stores, an_account())
        stores.close()

        assert secret is not None
        assert len(secret) == 32
        assert len(set(secret)) > 8  # not zeros, nor a word
        assert stores.meta.get(KEPT_AS) == secret

    def test_what_nobody_kept_is_not_there(self, stores: Stores) -> None:
        assert stores.meta.get("nothing") is None
