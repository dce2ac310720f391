"""Letters: what a mail looks like, from its row, its account and its fresh secrets.

Each purpose has two templates, `unlatch/mail/<purpose>.txt` and `.html`; the first line of
the text is `Subject: …`. Only the letter of a confirmed address may carry what its account
typed: an unconfirmed one may be a stranger's, and he is not to be told what somebody else
wanted him to read.
"""

import secrets
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from functools import cache
from typing import TYPE_CHECKING

from unlatch.core.browsers import browser_name
from unlatch.core.kinds import Purpose
from unlatch.core.mailed import Minted
from unlatch.core.names import ENCODED_WORD
from unlatch.core.records import Account, Mail
from unlatch.core.times import MINUTE, SECOND

if TYPE_CHECKING:
    from css_inline import CSSInliner

Render = Callable[[str, Mapping[str, object]], str]
"""Fills a template: its name and its context in, text out. HTML is escaped by its ending."""

LinkPath = Callable[[Purpose, str], str]
"""The path, on the mail's origin, that a mailed link leads to: purpose and token in."""

NOBODY = Account(
    id="",
    username="nobody",
    username_key="",
    display_name="",
    address="nobody@example.invalid",
    address_key="",
    user_handle=b"",
    browser_hash=b"",
    created_at=0,
    confirmed_at=0,
)
"""To whom a letter is written that will not be sent."""

# Everything as ASCII on the wire, so that no server on the way has anything to convert.
_PLAIN = policy.SMTP.clone(cte_type="7bit")
_INTERNATIONAL = _PLAIN.clone(utf8=True)

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class Letters:
    """Writes letters.

    Args:
        site_name: Who writes, unless `sender` has a name of its own.
        sender: `unlatch@example.org` or `Example <unlatch@example.org>`.
        account_path: Where a person looks after their passkeys, a path on the mail's origin.

    Raises:
        ValueError: `sender` is no address.
    """

    def __init__(
        self,
        *,
        render: Render,
        site_name: str,
        sender: str,
        link_path: LinkPath,
        account_path: str,
    ) -> None:
        self._render = render
        self._site_name = one_line(site_name)
        self._sender = _sender(sender, self._site_name)
        self._link_path = link_path
        self._account_path = account_path

    def write(
        self, mail: Mail, account: Account, minted: Minted | None, *, now: int
    ) -> EmailMessage:
        """One letter, in memory only: it holds secrets.

        Args:
            minted: None for a notice.
            now: Microseconds; the date of the letter, and how long its secrets still work.
        """
        context = self._context(mail, account, minted, now)
        subject, text = _subject_and_text(
            self._render(f"unlatch/mail/{mail.purpose.value}.txt", context)
        )
        html = self._render(f"unlatch/mail/{mail.purpose.value}.html", context)

        letter = self._envelope(_recipient(account), now)
        letter["Subject"] = subject
        letter.set_content(text)
        letter.add_alternative(_inliner().inline(html), subtype="html")
        return letter

    def _context(
        self, mail: Mail, account: Account, minted: Minted | None, now: int
    ) -> dict[str, object]:
        known = account.confirmed_at is not None
        link = None
        if minted is not None and minted.link_token is not None:
            link = mail.origin + self._link_path(mail.purpose, minted.link_token)
        return {
            "site_name": self._site_name,
            "name": one_line(account.name) if known else "",
            "link": link,
            "code": _grouped(minted.code) if minted is not None and minted.code else "",
            "minutes": max(1, round((mail.expires_at - now) / MINUTE)),
            "asked": _moment(mail.asked_at),
            "browser": browser_name(mail.user_agent),
            "note": one_line(mail.note) if known else "",
            "account_url": mail.origin + self._account_path,
        }

    def _envelope(self, recipient: Address, now: int) -> EmailMessage:
        ascii_only = (recipient.addr_spec + self._sender.addr_spec).isascii()
        letter = EmailMessage(policy=_PLAIN if ascii_only else _INTERNATIONAL)
        letter["From"] = self._sender
        letter["To"] = recipient
        letter["Date"] = datetime.fromtimestamp(now // SECOND, tz=UTC)
        letter["Message-ID"] = f"<{secrets.token_hex(16)}@{self._sender.domain}>"
        # So that no out-of-office answer, and no loop of them, comes back (RFC 3834).
        letter["Auto-Submitted"] = "auto-generated"
        letter["X-Auto-Response-Suppress"] = "All"
        return letter


def one_line(text: str) -> str:
    """Without line breaks and characters that steer rather than show, also where they are
    spelled as an encoded word, which `email` would decode and write out: what goes into a header
    must not be able to begin another one.
    """
    spaced = "".join(" " if one.isspace() else one for one in text)
    shown = "".join(one for one in spaced if not unicodedata.category(one).startswith("C"))
    return " ".join(shown.split()).replace(ENCODED_WORD, "= ?")


def _subject_and_text(rendered: str) -> tuple[str, str]:
    first, _, text = rendered.lstrip().partition("\n")
    keyword, colon, subject = first.partition(":")
    if not colon or keyword.strip().lower() != "subject":
        raise ValueError("a mail's text template must begin with a line `Subject: …`")
    return one_line(subject), text.strip() + "\n"


def _sender(text: str, site_name: str) -> Address:
    name, address = parseaddr(one_line(text))
    local, at, domain = address.rpartition("@")
    if not (at and local and domain):
        raise ValueError("the sender is no e-mail address")
    try:
        spoken = domain.encode("idna").decode("ascii")  # SMTP says it in EHLO, in ASCII only.
    except UnicodeError as error:
        raise ValueError("the sender is no e-mail address") from error
    return Address(display_name=name or site_name, username=local, domain=spoken)


def _recipient(account: Account) -> Address:
    # No name beside it: that is typed by the account, and known to its owner anyway.
    local, _, domain = account.address.rpartition("@")
    return Address(username=local, domain=domain)


def _grouped(code: str) -> str:
    """ "WDJBKMHT" as "WDJB-KMHT"."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _moment(at: int) -> str:
    """Like "3 May 2026, 09:12", in UTC and whatever language the machine speaks."""
    then = datetime.fromtimestamp(at // SECOND, tz=UTC)
    return f"{then.day} {_MONTHS[then.month - 1]} {then.year}, {then:%H:%M}"


@cache
def _inliner() -> "CSSInliner":
    # Imported at the first letter; and told not to fetch: by default it loads the address of
    # every stylesheet that a template names.
    from css_inline import CSSInliner

    return CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)
