"""The development mailbox: what was filed can be read, by its owner alone, newest first."""

import stat
from concurrent.futures import ThreadPoolExecutor
from email import policy
from email.message import EmailMessage

import pytest

from unlatch.core.kinds import Purpose
from unlatch.core.mailed import Minted
from unlatch.flask.sender import MailboxTransport, mailbox
from unlatch.flask.sender.mailbox import KEPT, SHOWN


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "instance" / "mailbox"


@pytest.fixture
def box(folder):
    return MailboxTransport(folder)


@pytest.fixture
def letter(letters, asked_mail, anna, clock):
    def letter(purpose=Purpose.SIGN_IN, code="WDJBKMHT"):
        minted = None if purpose.is_notice else Minted(f"token-{code}", "h", code, "h")
        return letters.write(asked_mail(purpose, note="Blue key"), anna, minted, now=clock())

    return letter


def test_a_mail_is_shown_with_its_link_and_its_code(box, letter):
    box.send(letter())

    (mail,) = box.mails()
    assert mail.to == "anna@example.org"
    assert mail.subject == "Sign in to Tom & Co"
    assert mail.link == "https://site.example/auth/sign_in/link?token=token-WDJBKMHT"
    assert mail.code == "WDJB-KMHT"
    assert mail.link in mail.text
    assert "<html" in mail.html
    assert mail.at > 0
    assert "\r" not in mail.text + mail.html


def test_a_notice_has_neither(box, letter):
    box.send(letter(Purpose.PASSKEY_ADDED))

    (mail,) = box.mails()
    assert mail.link is None
    assert mail.code is None


def test_there_is_no_folder_before_the_first_mail(box, folder):
    assert box.mails() == []
    assert not folder.exists()


def test_the_folder_is_its_owners_alone(box, folder, letter):
    """The mails in it open accounts."""
    box.send(letter())

    made = [folder, folder / "new", folder / "cur", folder / "tmp"]
    assert [stat.S_IMODE(one.stat().st_mode) for one in made] == [0o700] * 4


def test_the_newest_come_first_and_the_oldest_go(box, folder):
    for number in range(KEPT + 5):
        message = EmailMessage(policy=policy.SMTP)
        message["Subject"] = f"{number}"
        message.set_content("hello\n")
        box.send(message)

    shown = [mail.subject for mail in box.mails()]

    assert shown == [f"{KEPT + 4 - age}" for age in range(SHOWN)]
    assert len(list((folder / "new").iterdir())) == KEPT


def test_a_mail_cleared_away_meanwhile_is_left_out(box, folder, letter, monkeypatch):
    box.send(letter())
    listed = mailbox._newest_first

    def then_cleared(opened):
        keys = listed(opened)
        for file in (folder / "new").iterdir():
            file.unlink()
        return keys

    monkeypatch.setattr(mailbox, "_newest_first", then_cleared)

    assert box.mails() == []


def test_foreign_files_do_not_upset_it(box, folder, letter):
    box.send(letter())
    (folder / "new" / "strange").write_bytes(b"\xff\xfe no mail at all")

    assert [mail.code for mail in box.mails()] == ["WDJB-KMHT", None]


def test_several_may_begin_at_once(folder, letter):
    letters = [letter() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: MailboxTransport(folder).send(one), letters))

    assert len(MailboxTransport(folder).mails()) == 8
