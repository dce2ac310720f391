"""Accounts in memory."""

from collections.abc import Callable
from dataclasses import replace

from unlatch.core.records import Account
from unlatch.errors import AddressTaken, UsernameTaken
from unlatch.stores.memory.rows import Reader, Rows, Writer


class MemoryAccountKeeper(Reader):
    def find(self, account_id: str) -> Account | None:
        return self._rows.accounts.get(account_id)

    def by_username(self, username_key: str) -> Account | None:
        return self._first(lambda one: one.username_key == username_key)

    def by_address(self, address_key: str) -> Account | None:
        return self._first(lambda one: one.address_key == address_key)

    def sweep(self, *, stale_before: int, most: int) -> int:
        with self._memory.writing() as rows:
            stale = [one for one in rows.accounts.values() if _is_stale(rows, one, stale_before)]
            oldest = sorted(stale, key=lambda one: one.created_at)[:most]
            for account in oldest:
                rows.drop_account(account.id)
            return len(oldest)

    def _first(self, fits: Callable[[Account], bool]) -> Account | None:
        return next(filter(fits, self._rows.accounts.values()), None)


class MemoryAccountWriter(Writer):
    def add(self, account: Account, *, stale_before: int) -> None:
        for other in list(self._rows.accounts.values()):
            if _is_stale(self._rows, other, stale_before) and (
                other.username_key == account.username_key
                or other.address_key == account.address_key
            ):
                self._rows.drop_account(other.id)
        left = self._rows.accounts.values()
        if any(one.username_key == account.username_key for one in left):
            raise UsernameTaken
        if any(one.address_key == account.address_key for one in left):
            raise AddressTaken
        self._rows.accounts[account.id] = account

    def confirm(self, account_id: str, *, now: int) -> bool:
        account = self._rows.enabled(account_id)
        if account is None or account.confirmed_at is not None:
            return False
        self._rows.accounts[account_id] = replace(account, confirmed_at=now)
        return True

    def change_unconfirmed_address(
        self, account_id: str, *, address: str, address_key: str, stale_before: int
    ) -> bool:
        account = self._rows.accounts.get(account_id)
        if account is None or account.confirmed_at is not None:
            return False
        for other in list(self._rows.accounts.values()):
            if other.address_key != address_key or other.id == account_id:
                continue
            if not _is_stale(self._rows, other, stale_before):
                raise AddressTaken
            self._rows.drop_account(other.id)
        changed = replace(account, address=address, address_key=address_key)
        self._rows.accounts[account_id] = changed
        return True

    def forget_display_name(self, account_id: str) -> None:
        account = self._rows.accounts.get(account_id)
        if account is not None:
            self._rows.accounts[account_id] = replace(account, display_name="")

    def forgive(self, account_id: str) -> None:
        account = self._rows.accounts.get(account_id)
        if account is not None:
            self._rows.accounts[account_id] = replace(account, code_failures=0)

    def disable(self, account_id: str, *, now: int) -> bool:
        account = self._rows.enabled(account_id)
        if account is None:
            return False
        self._rows.accounts[account_id] = replace(account, disabled_at=now)
        return True


def _is_stale(rows: Rows, account: Account, before: int) -> bool:
    seen = (one.last_seen_at for one in rows.sessions_of(account.id))
    made = account.created_at
    return account.confirmed_at is None and max(seen, default=made) < before and made < before
