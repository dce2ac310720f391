"""The sender: every mail that was asked for leaves once, or not at all."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.message import EmailMessage

import pytest

from unlatch.core.kinds import Purpose
from unlatch.core.times import DAY, HOUR, MINUTE, SECOND
from unlatch.errors import CommitUnknown, StoreError
from unlatch.flask.sender import PerhapsTaken, RefusedForGood, SmtpTransport, TryLater
from unlatch.flask.sender.reading import body, code_in, link_in
from unlatch.flask.sender.sending import LEASE, pause_before_next

GONE = "6d3d0c1e-0000-4000-8000-00000000dead"
TOO_SOON = TryLater("busy", status="451")


class Post:
    """A transport that does as it is told, one answer for each mail, and then takes all."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.tried: list[EmailMessage] = []
        self.taken: list[EmailMessage] = []

    def send(self, message: EmailMessage) -> None:
        self.tried.append(message)
        if self.answers and (answer := self.answers.pop(0)) is not None:
            raise answer
        self.taken.append(message)


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def sender(make_sender, post):
    return make_sender(post)


def later(sender, clock, span=10 * MINUTE, step=SECOND):
    """Send whatever falls due within a span of time."""
    for _ in range(0, span, step):
        sender.send_due()
        clock.now += step


def test_an_asked_mail_leaves_with_its_secrets(sender, post, ask, stores, minter):
    mail = ask()

    assert sender.send_due() == 1

    (letter,), (minted,) = post.taken, minter.minted
    assert letter["To"] == "anna@example.org"
    text = body(letter, "plain")
    assert link_in(text) == f"https://site.example/auth/sign_in/link?token={minted.link_token}"
    assert code_in(text) == f"{minted.code[:4]}-{minted.code[4:]}"
    kept = stores.mails.find(mail.id)
    assert (kept.link_hash, kept.code_hash) == (minted.link_hash, minted.code_hash)
    assert kept.sent_at is not None


def test_a_mail_leaves_once(sender, post, ask, clock):
    ask()

    later(sender, clock)

    assert len(post.taken) == 1


def test_a_row_without_account_costs_the_same_and_sends_nothing(
    make_sender, stores, letters, post, ask, minter
):
    """Somebody typed an address that nobody has. The requests that come meanwhile must not be
    quicker for it.
    """
    work: list[str] = []
    sender = make_sender(
        post,
        stores=Watched(
            stores, work, mails=Watched(stores.mails, work), accounts=Watched(stores.accounts, work)
        ),
        minter=Watched(minter, work),
        letters=Watched(letters, work),
    )
    done = []
    for account in ({}, {"account_id": None}, {"account_id": GONE}):
        ask(**account)
        sender.send_due()
        done.append(work.copy())
        work.clear()

    known, unknown, gone = done
    assert known == ["claim", "find", "live", "mint", "mint", "write", "hand_over", "claim"]
    assert unknown == gone == [one.replace("hand_over", "give_up") for one in known]
    assert len(post.tried) == 1


def test_a_row_of_an_account_that_is_gone_sends_nothing(sender, post, ask):
    ask(account_id=GONE)

    assert sender.send_due() == 0
    assert not post.tried


def test_a_disabled_account_gets_nothing(sender, post, asked_mail, stores, anna):
    with stores.unit() as unit:
        unit.accounts.add(replace(anna, disabled_at=anna.created_at), stale_before=0)
        unit.mails.ask(asked_mail())

    assert sender.send_due() == 0
    assert not post.tried


def test_a_notice_is_sent_without_secrets(sender, post, ask, minter):
    ask(Purpose.PASSKEY_ADDED, note="Blue key")

    assert sender.send_due() == 1
    assert "Blue key" in body(post.taken[0], "plain")
    assert not minter.minted


def test_a_limit_is_kept(sender, ask):
    for _ in range(3):
        ask()

    assert [sender.send_due(limit=2), sender.send_due(limit=2)] == [2, 1]


def test_a_mail_that_is_too_late_is_not_sent(sender, post, ask, clock):
    ask()
    clock.now += 10 * MINUTE

    assert sender.send_due() == 0
    assert not post.tried


def test_a_mail_that_grows_too_late_while_it_is_minted_is_not_sent(
    make_sender, post, ask, clock, minter
):
    class Slow:
        def mint(self, mail, **how):
            clock.now += 10 * MINUTE
            return minter.mint(mail, **how)

    ask()

    assert make_sender(post, minter=Slow()).send_due() == 0
    assert not post.tried


def test_a_mail_killed_while_it_is_minted_is_not_sent(
    make_sender, post, ask, clock, minter, stores, anna
):
    class Meanwhile:
        """In the meantime the account signs in by passkey, which kills its mails."""

        def mint(self, mail, **how):
            with stores.unit() as unit:
                unit.mails.kill_pending(anna.id, now=clock())
            return minter.mint(mail, **how)

    ask()

    assert make_sender(post, minter=Meanwhile()).send_due() == 0
    assert not post.tried


def test_a_temporary_refusal_is_tried_again_with_new_secrets(make_sender, ask, clock):
    post = Post(TOO_SOON, TOO_SOON)
    sender = make_sender(post)
    ask()

    assert sender.send_due() == 0
    clock.now += 5 * SECOND - 1
    sender.send_due()
    assert len(post.tried) == 1, "sooner than it should"
    clock.now += 1
    assert sender.send_due() == 0
    clock.now += 15 * SECOND
    assert sender.send_due() == 1

    texts = [body(letter, "plain") for letter in post.tried]
    assert len({link_in(text) for text in texts}) == 3
    assert len({code_in(text) for text in texts}) == 3
    assert len(post.taken) == 1


def test_a_mail_is_tried_seven_times_and_given_up_when_it_outlives_its_time(
    make_sender, ask, clock, caplog
):
    post = Post(*[TOO_SOON] * 100)
    mail = ask()

    later(make_sender(post), clock, span=HOUR)

    assert len(post.tried) == 7
    assert "outlived" in caplog.text
    assert mail.id in caplog.text


def test_the_pauses_grow_to_a_quarter_of_a_mails_life(asked_mail):
    mails = [asked_mail(deliveries=tries) for tries in range(1, 8)]
    assert [pause_before_next(mail) // SECOND for mail in mails] == [5, 15, 45, 135, 150, 150, 150]

    patient = asked_mail(Purpose.PASSKEY_ADDED, deliveries=10**9)
    assert pause_before_next(patient) == DAY // 4


def test_a_refusal_for_good_is_not_tried_again(make_sender, ask, clock, caplog):
    post = Post(RefusedForGood("RCPT refused", status="550 5.1.1"))
    mail = ask()

    later(make_sender(post), clock)

    assert len(post.tried) == 1
    assert mail.id in caplog.text
    assert "sign_in" in caplog.text
    assert "550 5.1.1" in caplog.text
    assert "anna" not in caplog.text


def test_a_mail_that_may_have_arrived_is_not_sent_again_and_its_secrets_count(
    make_sender, ask, clock, stores, minter
):
    post = Post(PerhapsTaken("cut off after DATA"))
    mail = ask()

    later(make_sender(post), clock)

    assert len(post.tried) == 1
    kept = stores.mails.find(mail.id)
    assert kept.link_hash == minter.minted[0].link_hash
    assert kept.sent_at is not None


def test_an_operators_slip_is_said_loudly(make_sender, ask, caplog):
    ask()

    make_sender(Post(TryLater("refused our login", cure="Check the password."))).send_due()

    (record,) = [one for one in caplog.records if one.levelname == "ERROR"]
    assert "Check the password." in record.message


def test_a_fault_of_ours_costs_one_mail_a_pause_and_tells_no_secret(
    make_sender, ask, clock, caplog
):
    post = Post(ValueError("WDJB-KMHT for anna@example.org"))
    sender = make_sender(post)
    bad = ask()
    ask()

    assert sender.send_due() == 1, "the other one left"

    assert f"{bad.id}" in caplog.text
    assert "ValueError at test_sending.py:" in caplog.text
    assert "WDJB" not in caplog.text
    assert "anna" not in caplog.text
    clock.now += 5 * SECOND
    assert sender.send_due() == 1


class Watched:
    """Notes each method that is called, by its name."""

    def __init__(self, watched, called: list[str], **parts: "Watched") -> None:
        self._watched = watched
        self._called = called
        self.__dict__.update(parts)

    def __getattr__(self, name):
        self._called.append(name)
        return getattr(self._watched, name)


class Away:
    """The store's mails, with one method that fails once."""

    def __init__(self, mails, method: str) -> None:
        self._mails = mails
        self._method = method
        self.away = True

    def __getattr__(self, name):
        if name == self._method and self.away:
            return self._fail
        return getattr(self._mails, name)

    def _fail(self, *args, **kwargs):
        self.away = False
        raise StoreError("away")


class Flaky:
    """A store whose mails fail once."""

    def __init__(self, stores, method: str) -> None:
        self.accounts = stores.accounts
        self.mails = Away(stores.mails, method)


@pytest.mark.parametrize("method", ["claim", "mint", "hand_over"])
def test_a_store_that_was_away_does_not_hold_a_mail_for_long(
    make_sender, post, stores, ask, clock, method
):
    """Not for the five minutes of a claim, which are half of a mail's life."""
    sender = make_sender(post, stores=Flaky(stores, method))
    ask()

    with pytest.raises(StoreError):
        sender.send_due()
    clock.now += 5 * SECOND

    assert sender.send_due() == 1


class Unheard:
    """The store's mails. Of their first claim nobody hears the end, which comes at once, or with
    the second, or never.
    """

    def __init__(self, mails, *, comes: str) -> None:
        self._mails = mails
        self._comes = comes
        self._first: dict[str, int] = {}

    def __getattr__(self, name):
        return getattr(self._mails, name)

    def claim(self, **claim):
        first, self._first = self._first, claim
        if not first:
            if self._comes == "at once":
                self._mails.claim(**claim)
            raise CommitUnknown
        if self._comes == "later":
            self._comes = "at once"
            self._mails.claim(**first)
            return None  # as long as a COMMIT takes, its row is locked, and passed by
        return self._mails.claim(**claim)


def with_unheard_claim(stores, *, comes, work=None):
    """A store of which that is true, and what it is asked about mails, noted in `work`."""
    mails = Unheard(stores.mails, comes=comes)
    return Watched(stores, [], mails=Watched(mails, [] if work is None else work))


@pytest.mark.parametrize("comes", ["at once", "later", "never"])
def test_a_claim_that_nobody_heard_of_does_not_hold_a_mail(
    make_sender, post, stores, ask, clock, comes
):
    """With a life of five minutes it would never leave, though it was promised to somebody."""
    sender = make_sender(post, stores=with_unheard_claim(stores, comes=comes))
    ask(expires_at=clock() + 5 * MINUTE)

    with pytest.raises(CommitUnknown):
        sender.send_due()
    for _ in range(2):
        clock.now += SECOND
        sender.send_due()

    assert len(post.taken) == 1


def test_what_is_told_of_an_unheard_claim_is_told_until_the_store_has_heard_it(
    make_sender, post, stores, ask, clock, monkeypatch
):
    sender = make_sender(post, stores=with_unheard_claim(stores, comes="at once"))
    ask()
    with pytest.raises(CommitUnknown):
        sender.send_due()

    def away(_claim):
        raise StoreError("away")

    with monkeypatch.context() as patched:
        patched.setattr(stores.mails, "release", away)
        with pytest.raises(StoreError):
            sender.send_due()

    assert sender.send_due() == 1


def test_an_unheard_claim_that_comes_while_others_are_sent_does_not_wait_for_their_end(
    make_sender, stores, ask, clock
):
    """A round goes on while there is a next mail, or more to sweep: for hours, perhaps."""
    begun_at = clock()

    class Meanwhile(Post):
        def send(self, message):
            if not self.taken:
                assert stores.mails.claim(now=begun_at, lease=LEASE)
            super().send(message)

    sender = make_sender(Meanwhile(), stores=with_unheard_claim(stores, comes="never"))
    with pytest.raises(CommitUnknown):
        sender.send_due()
    ask()
    ask()
    clock.now += SECOND

    assert sender.send_due() == 2


def test_an_unheard_claim_that_was_found_is_forgotten(make_sender, post, stores, ask, clock):
    work: list[str] = []
    sender = make_sender(post, stores=with_unheard_claim(stores, comes="at once", work=work))
    ask()
    with pytest.raises(CommitUnknown):
        sender.send_due()

    later(sender, clock)

    assert work.count("release") == 1


def test_an_unheard_claim_is_forgotten_when_it_could_hold_nothing_any_more(
    make_sender, post, stores, clock
):
    work: list[str] = []
    sender = make_sender(post, stores=with_unheard_claim(stores, comes="never", work=work))
    with pytest.raises(CommitUnknown):
        sender.send_due()

    later(sender, clock, step=MINUTE)

    assert work.count("release") == 5


def test_a_claim_that_failed_for_certain_is_not_looked_for(make_sender, post, stores, clock):
    """While a store is away for hours it fails every second."""
    work: list[str] = []
    sender = make_sender(
        post, stores=Watched(stores, [], mails=Watched(Away(stores.mails, "claim"), work))
    )
    with pytest.raises(StoreError):
        sender.send_due()

    sender.send_due()

    assert work == ["claim", "claim"]


def test_whoever_claimed_at_the_same_moment_sends_nothing_twice(
    make_sender, post, stores, ask, clock, letters, minter
):
    """The one cannot tell what it may hold from what the other has in its hands."""
    unlucky = make_sender(post, stores=with_unheard_claim(stores, comes="never"))
    with pytest.raises(CommitUnknown):
        unlucky.send_due()

    class Meanwhile:
        """While the letter is written the other one gives back what it may hold."""

        def write(self, *letter, **how):
            clock.now += SECOND
            assert unlucky.send_due() == 1
            return letters.write(*letter, **how)

    mail = ask()
    assert make_sender(post, letters=Meanwhile()).send_due() == 0

    assert len(post.tried) == 1
    assert stores.mails.find(mail.id).link_hash == minter.minted[-1].link_hash


def test_a_row_that_cannot_be_written_does_not_stop_the_others(
    make_sender, post, stores, ask, monkeypatch, caplog
):
    def broken(mail):
        raise KeyError(mail.id)

    sender = make_sender(post)
    ask(account_id=None)
    with monkeypatch.context() as patched:
        patched.setattr(stores.mails, "give_up", broken, raising=True)
        sender.send_due()
    ask()

    assert sender.send_due() == 1
    assert "KeyError" in caplog.text


class Killed(BaseException):
    """The process is gone: nothing more is done or written."""


class Dying:
    """A transport whose process is killed while it hands a mail over, once."""

    def __init__(self) -> None:
        self.tried = 0

    def send(self, message):
        self.tried += 1
        if self.tried == 1:
            raise Killed


def test_a_sender_killed_while_it_hands_over_sends_nothing_twice(make_sender, ask, clock, stores):
    """The server may have taken it, and nobody is left who knows."""
    post = Dying()
    mail = ask()
    with pytest.raises(Killed):
        make_sender(post).send_due()

    later(make_sender(post), clock)

    assert post.tried == 1
    assert stores.mails.find(mail.id).sent_at is not None


def test_what_a_killed_sender_had_claimed_another_sends_after_five_minutes(
    make_sender, post, ask, clock
):
    class Minter:
        def mint(self, mail, **how):
            raise Killed

    ask()
    with pytest.raises(Killed):
        make_sender(post, minter=Minter()).send_due()

    clock.now += 5 * MINUTE - 1
    assert make_sender(post).send_due() == 0
    clock.now += 1
    assert make_sender(post).send_due() == 1


def test_a_mail_killed_at_the_last_moment_is_not_handed_over(
    make_sender, post, ask, clock, stores, anna, letters
):
    class Meanwhile:
        """While the letter is written the account signs in by passkey."""

        def write(self, *letter, **how):
            with stores.unit() as unit:
                unit.mails.kill_pending(anna.id, now=clock())
            return letters.write(*letter, **how)

    ask()

    assert make_sender(post, letters=Meanwhile()).send_due() == 0
    assert not post.tried


def test_a_sender_killed_before_data_has_handed_nothing_over(
    make_sender, ask, clock, odd_server, post
):
    """It was still looking for the server when it died: another one sends the mail."""

    def dies(connection, over):
        connection.sendall(b"220 here\r\n")
        raise OSError

    class Killing(SmtpTransport):
        def send_saying_when(self, message, begins):
            try:
                super().send_saying_when(message, begins)
            except TryLater:
                raise Killed from None

    ask()
    with pytest.raises(Killed):
        make_sender(Killing(odd_server(dies))).send_due()
    clock.now += 5 * MINUTE

    assert make_sender(post).send_due() == 1


def test_asking_survives_a_store_that_is_away(make_sender, post, stores, ask, caplog):
    ask()

    make_sender(post, stores=Flaky(stores, "claim")).wake()

    assert "StoreError" in caplog.text


def test_two_senders_never_send_one_mail_twice(make_sender, ask):
    post = Post()
    for _ in range(60):
        ask(known_browser=True)  # strangers would get 20
    senders = [make_sender(post) for _ in range(4)]
    together = threading.Barrier(len(senders))

    def send(sender):
        together.wait(5)
        return sender.send_due()

    with ThreadPoolExecutor(len(senders)) as pool:
        assert sum(pool.map(send, senders)) == 60

    assert len({link_in(body(letter, "plain")) for letter in post.taken}) == 60


def test_asking_never_waits_for_the_mail_server(make_sender, ask):
    """A dead server holds the sender's thread, and nobody else."""
    reached, let_go = threading.Event(), threading.Event()

    class Dead:
        def send(self, message):
            reached.set()
            let_go.wait(10)

    sender = make_sender(Dead(), worker="thread")
    ask()
    try:
        sender.wake()
        assert reached.wait(5)

        ask()
        sender.wake()  # returns, though the thread is stuck

        assert not let_go.is_set()
    finally:
        let_go.set()
        sender.stop()


def test_the_thread_sends_what_it_is_woken_for(make_sender, ask):
    left = threading.Event()

    class Quick:
        def send(self, message):
            left.set()

    sender = make_sender(Quick(), worker="thread", polling=60)
    sender.start()
    ask()
    sender.wake()

    assert left.wait(5)
    sender.stop()


def test_inline_a_mail_leaves_before_asking_returns(sender, post, ask):
    ask()

    sender.wake()

    assert len(post.taken) == 1


def test_where_another_process_sends_a_mail_stays(make_sender, post, ask):
    sender = make_sender(post, worker="external")
    ask()

    sender.start()
    sender.wake()
    sender.stop()

    assert not post.tried


def test_451_twice_and_then_250_is_delivered_once(
    make_sender, ask, clock, starttls_server, certificate, handler
):
    handler.answers["DATA"] += ["451 later", "451 later"]
    ask()

    later(make_sender(SmtpTransport(starttls_server, tls=certificate.client)), clock, span=MINUTE)

    assert len(handler.taken) == 1
    assert len(handler.seen) == 3
    assert len(set(handler.seen)) == 3


def test_550_is_not_tried_again(make_sender, ask, clock, plain_server, handler):
    handler.answers["RCPT"].append("550 5.1.1 no")
    ask()

    later(make_sender(SmtpTransport(plain_server)), clock, span=MINUTE)

    assert not handler.seen


def test_a_wrong_password_delays_mail_until_it_is_put_right(
    make_sender, ask, clock, starttls_server, certificate, handler, caplog
):
    wrong = replace(starttls_server, password="wrong")
    sender = make_sender(SmtpTransport(wrong, tls=certificate.client))
    ask()
    sender.send_due()
    assert "UNLATCH_MAIL_PASSWORD" in caplog.text

    sender.transport = SmtpTransport(starttls_server, tls=certificate.client)
    later(sender, clock, span=MINUTE)

    assert len(handler.taken) == 1
