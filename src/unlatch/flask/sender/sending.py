"""The sender: works through the rows of mails that were asked for.

The request writes one row and is done. Here, later, secrets are minted, their hashes put
into the row, the letter built in memory and handed to the transport, so that no secret is
ever stored and a request takes as long for an unknown address as for a known one.
"""

import logging
import traceback
from collections.abc import Callable
from email.message import EmailMessage
from enum import Enum
from typing import Literal, Protocol

from unlatch.core.code_budget import may_carry_code
from unlatch.core.kinds import Purpose
from unlatch.core.mailed import Minted
from unlatch.core.ports import Stores
from unlatch.core.records import Account, Mail
from unlatch.core.times import MINUTE, SECOND, Clock
from unlatch.errors import CommitUnknown, StoreError
from unlatch.flask.sender.letters import NOBODY, Letters
from unlatch.flask.sender.rounds import PATIENCE, POLLING, Rounds
from unlatch.flask.sender.sweeping import BREATH, Sweeper
from unlatch.flask.sender.transport import (
    PerhapsTaken,
    PreciseTransport,
    RefusedForGood,
    Transport,
    TryLater,
)

LEASE = 5 * MINUTE
"""How long a mail is one sender's: far more than minting and a transport's deadline take."""

MOST_LIVE = 20
"""Mails of one account at a time that strange browsers asked for."""

FIRST_PAUSE = 5 * SECOND
"""Before the second try; each further pause is three times as long."""

Worker = Literal["thread", "external", "inline"]
"""Who sends: a thread of this process, or another process, or, in tests, whoever asks."""

log = logging.getLogger("unlatch.sender")


class _Fate(Enum):
    """What became of a mail that was claimed."""

    LEFT = "it left, or may have"
    LATER = "it is tried again"
    NOBODY = "nobody has that address, so nothing was sent"
    NEVER = "it is not sent, now or later"
    NOT_OURS = "spent or killed meanwhile, or claimed by another sender"


PURPOSES = tuple(one.value for one in Purpose)
OUTCOMES = tuple(one.name.lower() for one in _Fate)
"""What `Sender.watch` is told: one of each."""


class _NotOurs(Exception):
    """Found out at the last moment: nothing was handed over, nor will be."""


class Minter(Protocol):
    """Makes the secrets of a mail; slow, since it hashes them (`MailedSecrets` does)."""

    def mint(self, mail: Mail, *, with_code: bool) -> Minted: ...


class Sender:
    """Sends the mails that are due.

    Args:
        events_kept: Microseconds after which what happened is swept away.

    Attributes:
        transport: How they leave; may be replaced at any time (see `unlatch.testing.Outbox`).
        worker: Who sends; may be replaced likewise.
        watch: Called with the purpose and the outcome of each mail that was worked on; likewise.
    """

    def __init__(
        self,
        *,
        stores: Stores,
        minter: Minter,
        letters: Letters,
        transport: Transport,
        clock: Clock,
        events_kept: int,
        worker: Worker = "thread",
        polling: float = POLLING,
    ) -> None:
        self.transport = transport
        self.worker = worker
        self.watch: Callable[[str, str], object] = lambda *_: None
        self._stores = stores
        self._minter = minter
        self._letters = letters
        self._clock = clock
        self._rounds = Rounds(self._round, polling=polling)
        self._sweeper = Sweeper(
            stores, clock, events_kept=events_kept, breathe=lambda: self._rounds.pause(BREATH)
        )
        self._untold: dict[str, tuple[Mail, _Fate, int]] = {}
        self._unheard: set[int] = set()  # claims, by when they end

    @property
    def running(self) -> bool:
        """Whether this process has its thread."""
        return self._rounds.running

    def start(self) -> None:
        """Begin this process's thread, if it is the thread that sends. Worth calling at the
        first request, for rows that an earlier process left behind.
        """
        if self.worker == "thread":
            self._rounds.start()

    def wake(self) -> None:
        """Say that a row was written. Call it after the commit. Never raises, and never waits
        for a mail unless `worker` is "inline".
        """
        if self.worker == "thread":
            self._rounds.wake()
        elif self.worker == "inline":
            try:
                self.send_due()
            except StoreError as error:
                log.warning("no mail was sent (%s)", type(error).__name__)

    def stop(self, timeout: float = PATIENCE) -> None:
        """End the thread after the mail it is at, and wait for that at most `timeout` seconds.
        At the end of a process this is done anyway.
        """
        self._rounds.stop(timeout)

    def send_due(self, limit: int | None = None) -> int:
        """Send what is due now, here and in this thread; gives how many left (or may have).

        Args:
            limit: Work on at most so many rows.

        Raises:
            StoreError: The store is away. What it could not be told is told it next time.
        """
        left, worked = 0, 0
        while (limit is None or worked < limit) and (fate := self._attend_to_next()):
            worked += 1
            left += fate is _Fate.LEFT
        return left

    def _round(self) -> None:
        """What the thread does whenever it is woken, and every now and then: one mail after the
        other, until it is told to end. It looks after each whether it is time to sweep: while a
        mail server takes a minute for a mail, there may always be one more that is due. And it goes
        on while there is more to sweep: rows may come faster than one bite a round takes them.
        """
        is_more = True
        while is_more and not self._rounds.stopping:
            is_more = self._attend_to_next() is not None
            if not self._rounds.stopping:
                is_more = self._sweeper.sweep() or is_more

    def _attend_to_next(self) -> _Fate | None:
        """Tell what could not be told before. Claim the next mail that is due, if there is one, and
        work on it. Only the store's own trouble gets out.
        """
        self._tell_untold()
        mail = self._claim()
        if mail is None:
            return None
        try:
            fate = self._deliver(mail)
        except StoreError:
            # Not left to the lease: five minutes are half of a mail's life.
            self._tell(mail, _Fate.LATER)
            raise
        self._tell(mail, fate)
        return fate

    def _claim(self) -> Mail | None:
        now = self._clock()
        try:
            return self._stores.mails.claim(now=now, lease=LEASE)
        except CommitUnknown:
            # It may hold a mail that nobody has in hand. Not left to the lease, as above.
            self._unheard.add(now + LEASE)
            raise

    def _deliver(self, mail: Mail) -> _Fate:
        try:
            return self._mint_and_send(mail)
        except TryLater as trouble:
            if trouble.cure:
                log.error("no mail can leave: %s. %s", trouble, trouble.cure)
            return self._later(mail, str(trouble))
        except RefusedForGood as trouble:
            log.warning("mail %s (%s) was refused: %s", mail.id, mail.purpose, trouble)
            return _Fate.NEVER
        except PerhapsTaken as trouble:
            log.warning("mail %s (%s) may have left: %s", mail.id, mail.purpose, trouble)
            return _Fate.LEFT
        except _NotOurs:
            return _Fate.NOT_OURS
        except StoreError:
            raise
        except Exception as error:  # Not its words: they may quote a secret.
            log.error("mail %s (%s) failed: %s", mail.id, mail.purpose, _what_and_where(error))
            return self._later(mail, type(error).__name__)

    def _mint_and_send(self, mail: Mail) -> _Fate:
        recipient = self._recipient(mail)
        account = recipient or NOBODY
        minted = None
        if not mail.purpose.is_notice:
            if self._has_enough(mail, account):
                return _Fate.NEVER
            with_code = may_carry_code(mail, account, now=self._clock())
            minted = self._minter.mint(mail, with_code=with_code)
            if not self._stores.mails.mint(
                mail, link_hash=minted.link_hash, code_hash=minted.code_hash, now=self._clock()
            ):
                return _Fate.NOT_OURS
        now = self._clock()
        if now >= mail.expires_at:
            return self._too_late(mail)
        # For nobody it is written too, and dropped: a known address must not be slower for the
        # requests that come while this process mints and writes.
        letter = self._letters.write(mail, account, minted, now=now)
        if recipient is None:
            return _Fate.NOBODY
        self._hand_over(mail, letter)
        log.info("mail %s (%s) left", mail.id, mail.purpose)
        return _Fate.LEFT

    def _hand_over(self, mail: Mail, letter: EmailMessage) -> None:
        """Give it away, once. That it is being handed over is committed before a byte of it can
        be taken: whoever is killed then never sends it again, at the price that one killed
        between the two loses it, and its visitor has to ask anew.
        """

        def begins() -> None:
            if not self._stores.mails.hand_over(mail, now=self._clock()):
                raise _NotOurs

        if isinstance(self.transport, PreciseTransport):
            self.transport.send_saying_when(letter, begins)
        else:
            begins()
            self.transport.send(letter)

    def _recipient(self, mail: Mail) -> Account | None:
        """Whom it goes to, or None: nobody has that address, or they are shut out."""
        account = self._stores.accounts.find(mail.account_id or NOBODY.id)
        return account if account and account.enabled else None

    def _has_enough(self, mail: Mail, account: Account) -> bool:
        """Whether strangers have had so many mails sent there that one more would only fill the
        mailbox. What a browser asks for that the account knows always goes out.
        """
        if mail.known_browser:
            return False
        return self._stores.mails.live(account.id, now=self._clock()) >= MOST_LIVE

    def _later(self, mail: Mail, why: str) -> _Fate:
        if self._clock() + pause_before_next(mail) >= mail.expires_at:
            return self._too_late(mail)
        log.warning("mail %s (%s) is tried again later: %s", mail.id, mail.purpose, why)
        return _Fate.LATER

    def _too_late(self, mail: Mail) -> _Fate:
        log.warning(
            "mail %s (%s) outlived its time after %d tries", mail.id, mail.purpose, mail.deliveries
        )
        return _Fate.NEVER

    def _tell(self, mail: Mail, fate: _Fate) -> None:
        """Write what became of a mail that did not leave, and remember it until the store has
        taken it: one that was being handed over, and could be tried again, would be lost.
        """
        self.watch(mail.purpose.value, fate.name.lower())
        if fate in (_Fate.LEFT, _Fate.NOT_OURS):
            return
        self._untold[mail.id] = (mail, fate, self._clock())
        self._tell_untold()

    def _tell_untold(self) -> None:
        # Without a lock, which after a fork might be held for ever: each step is one of its
        # own, and telling the store twice does no harm.
        for mail, fate, at in list(self._untold.values()):
            try:
                self._write(mail, fate, at)
            except StoreError:
                raise
            except Exception as error:  # Once is enough: it must not stop all other mail.
                log.error("mail %s: %s was not written: %s", mail.id, fate, _what_and_where(error))
            self._untold.pop(mail.id, None)
        # Again and again while they could hold something: a COMMIT may be under way for minutes.
        for claim in list(self._unheard):
            if claim <= self._clock() or self._stores.mails.release(claim):
                self._unheard.discard(claim)

    def _write(self, mail: Mail, fate: _Fate, at: int) -> None:
        if fate is _Fate.LATER:
            self._stores.mails.postpone(mail, until=at + pause_before_next(mail))
        else:
            self._stores.mails.give_up(mail)


def pause_before_next(mail: Mail) -> int:
    """Microseconds until a mail is tried again: 5, 15, 45 … seconds, and at most a quarter of
    its life, so that one with ten minutes is tried seven times and a notice for a day.
    """
    longest = max(FIRST_PAUSE, (mail.expires_at - mail.asked_at) // 4)
    tries = min(max(mail.deliveries, 1), 16)
    return int(min(FIRST_PAUSE * 3 ** (tries - 1), longest))


def _what_and_where(error: Exception) -> str:
    """ "KeyError at letters.py:97": enough to find it, and nothing of what it held."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {where}"
