"""Promises about sessions that are proved again, or held while something is written."""

from dataclasses import replace

import pytest

from unlatch.core.kinds import Method
from unlatch.core.ports import Stores
from unlatch.core.records import Session
from unlatch.errors import CeremonyGone, NotSignedIn
from unlatch.testing.store_contract.making import (
    IDLE,
    NOW,
    a_session,
    an_account,
    at_once,
    kept,
)


class StepUpPromises:
    def test_a_live_session_is_held(self, stores: Stores) -> None:
        ada = an_account()
        session = a_session(ada)
        kept(stores, ada, session)

        with stores.unit() as unit:
            unit.sessions.require(session.token_hash)

    def test_an_ended_session_is_not(self, stores: Stores) -> None:
        with pytest.raises(NotSignedIn), stores.unit() as unit:
            unit.sessions.require(b"ended")

    def test_a_session_of_a_disabled_account_is_not(self, stores: Stores) -> None:
        ada = an_account()
        session = a_session(ada)
        kept(stores, ada, session)
        with stores.unit() as unit:
            unit.accounts.disable(ada.id, now=NOW)

        with pytest.raises(NotSignedIn), stores.unit() as unit:
            unit.sessions.require(session.token_hash)

    def test_a_new_proof_comes_with_a_new_token(self, stores: Stores) -> None:
        """How it began, and when it ends, stays."""
        ada = an_account()
        session, other = a_session(ada), a_session(ada, "other")
        kept(stores, ada, session, other)
        proved = _proved(session, "again")

        with stores.unit() as unit:
            unit.sessions.prove(session.token_hash, proved)

        found = stores.sessions.find(proved.token_hash, now=NOW, idle=IDLE)
        assert found is not None
        assert found.session == proved
        assert stores.sessions.find(session.token_hash, now=NOW, idle=IDLE) is None
        assert stores.sessions.find(other.token_hash, now=NOW, idle=IDLE)

    def test_an_ended_session_cannot_be_proved_again(self, stores: Stores) -> None:
        ada = an_account()
        kept(stores, ada)
        session = a_session(ada)

        with pytest.raises(NotSignedIn):
            _prove(stores, session, "again")

    def test_a_session_of_a_disabled_account_cannot_be_proved_again(self, stores: Stores) -> None:
        ada = an_account()
        session = a_session(ada)
        kept(stores, ada, session)
        with stores.unit() as unit:
            unit.accounts.disable(ada.id, now=NOW)

        with pytest.raises(NotSignedIn):
            _prove(stores, session, "again")

    def test_a_ceremony_that_made_a_session_proves_no_other(self, stores: Stores) -> None:
        ada = an_account()
        session, other = a_session(ada), a_session(ada, "other")
        kept(stores, ada, session, other)

        proved = replace(_proved(session, "again"), ceremony_id=other.ceremony_id)

        with pytest.raises(CeremonyGone), stores.unit() as unit:
            unit.sessions.prove(session.token_hash, proved)

        assert stores.sessions.find(session.token_hash, now=NOW, idle=IDLE)

    def test_of_many_new_proofs_of_one_token_one_is_taken(self, stores: Stores) -> None:
        ada = an_account()
        session = a_session(ada)
        kept(stores, ada, session)

        results = at_once(8, lambda number: _prove(stores, session, f"{number}"))

        assert results.count(None) == 1
        assert sum(isinstance(one, NotSignedIn) for one in results) == 7


def _proved(session: Session, name: str) -> Session:
    return replace(
        session,
        token_hash=f"new token {name}".encode().ljust(32, b"."),
        proved_at=NOW + 1,
        proof_method=Method.PASSKEY,
        proof_passkey_id="passkey",
        ceremony_id=f"new ceremony {name}".encode(),
        last_seen_at=NOW + 1,
    )


def _prove(stores: Stores, session: Session, name: str) -> None:
    with stores.unit() as unit:
        unit.sessions.prove(session.token_hash, _proved(session, name))
