"""Passkeys in memory."""

from dataclasses import replace

from unlatch.core.records import Descriptor, KnownPasskey, Named, Passkey, PasskeyUse
from unlatch.errors import LastWayIn, NotSignedIn, PasskeyExists, PasskeyRefused, TooManyPasskeys
from unlatch.stores.memory.mails import pending
from unlatch.stores.memory.rows import Reader, Writer, drop


class MemoryPasskeyReader(Reader):
    def find(self, credential_id: bytes, *, now: int) -> KnownPasskey | None:
        rows = self._rows
        for passkey in rows.passkeys.values():
            if passkey.credential_id == credential_id:
                return KnownPasskey(
                    passkey=passkey,
                    account=rows.accounts[passkey.account_id],
                    has_pending_mail=bool(pending(rows, passkey.account_id, now)),
                )
        return None

    def of(self, account_id: str) -> list[Passkey]:
        own = [one for one in self._rows.passkeys.values() if one.account_id == account_id]
        return sorted(own, key=lambda one: (one.added_at, one.id))

    def named(self, *, username_key: str | None, address_key: str | None) -> Named:
        for account in self._rows.accounts.values():
            if account.username_key == username_key or account.address_key == address_key:
                own = self.of(account.id)
                return Named(
                    account.id, [Descriptor(one.credential_id, one.transports) for one in own]
                )
        return Named(None, [])


class MemoryPasskeyWriter(Writer):
    def add(self, passkey: Passkey, *, limit: int) -> None:
        known = self._rows.passkeys.values()
        if self._rows.enabled(passkey.account_id) is None:
            raise NotSignedIn("the account is gone or disabled")
        if sum(one.account_id == passkey.account_id for one in known) >= limit:
            raise TooManyPasskeys
        if any(one.credential_id == passkey.credential_id for one in known):
            raise PasskeyExists
        self._rows.passkeys[passkey.id] = passkey

    def record_use(self, use: PasskeyUse, *, now: int) -> None:
        kept = self._rows.passkeys.get(use.passkey.id)
        if (
            kept is None
            or kept.account_id != use.passkey.account_id
            or kept.sign_count != use.passkey.sign_count
            or self._rows.enabled(kept.account_id) is None
        ):
            raise PasskeyRefused("removed or used meanwhile, or its account is disabled")
        self._rows.passkeys[kept.id] = replace(
            kept, sign_count=use.sign_count, backed_up=use.backed_up, last_used_at=now
        )

    def rename(self, account_id: str, passkey_id: str, name: str) -> bool:
        passkey = self._own(account_id, passkey_id)
        if passkey is not None:
            self._rows.passkeys[passkey_id] = replace(passkey, name=name)
        return passkey is not None

    def remove(self, account_id: str, passkey_id: str) -> bool:
        if self._own(account_id, passkey_id) is None:
            return False
        account = self._rows.accounts[account_id]
        own = [one for one in self._rows.passkeys.values() if one.account_id == account_id]
        if len(own) == 1 and account.confirmed_at is None:
            raise LastWayIn
        del self._rows.passkeys[passkey_id]
        return True

    def remove_all(self, account_id: str) -> int:
        return drop(self._rows.passkeys, lambda one: one.account_id == account_id)

    def _own(self, account_id: str, passkey_id: str) -> Passkey | None:
        passkey = self._rows.passkeys.get(passkey_id)
        return passkey if passkey is not None and passkey.account_id == account_id else None
