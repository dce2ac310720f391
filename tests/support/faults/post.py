"""The mails of a site under load: which came, how often, and what a killed sender left."""

import os
import signal
from collections import Counter
from email import message_from_bytes
from typing import TYPE_CHECKING

from postman import Postman
from processes import PATIENCE
from sqlalchemy import bindparam, select

from unlatch.stores.sql.stores import SqlStores
from unlatch.stores.sql.tables import mails, untouched

if TYPE_CHECKING:
    from faults.siege import Siege

MAIL_HEADER = "X-Faults-Mail"
"""In each letter, the id of the row that it was written for: `faults.entry` puts it there."""

LEASE_IS_OVER = 6
"""Minutes: longer than a lease, and shorter than a mail is good for, or nobody would send it again
whatever the row says.
"""
_LIVE = select(mails.c.id).where(mails.c.id == bindparam("mail"), untouched)


def came(postman: Postman) -> Counter[str]:
    """How often each mail came whole, by its row's id."""
    return Counter(str(message_from_bytes(one)[MAIL_HEADER]) for one in list(postman.came))


def interrupt(siege: "Siege", step: str) -> str:
    """Kill the only worker while the mail server has a mail of its at that step, "RCPT" or "DATA";
    gives the mail's id.
    """
    postman = siege.postman
    postman.reached.clear()
    postman.go_on.clear()
    postman.holds_at = step
    with siege.load():
        assert postman.reached.wait(PATIENCE)
        mail = siege.levers.letter
        os.kill(siege.pids[0], signal.SIGKILL)
        postman.holds_at = ""
        postman.go_on.set()
    return mail


def heal(siege: "Siege", mail: str) -> bool:
    """Go on when every lease is over, until a mail that was interrupted has been taken over, and
    with it all that was due before; gives whether it came, and was not spent or killed meanwhile.
    """
    siege.levers.move_clock(LEASE_IS_OVER)
    with siege.load():
        siege.wait_until(
            lambda: came(siege.postman)[mail] or not _is_live(siege.stores, mail),
            "a mail whose sender was killed",
        )
    siege.levers.move_clock(0)
    return bool(came(siege.postman)[mail])


def check_mails(siege: "Siege") -> None:
    """Each mail came once, or not at all."""
    faults = [f"mail {mail} came {n} times" for mail, n in came(siege.postman).items() if n > 1]
    assert not faults, "\n".join(faults)


def _is_live(stores: SqlStores, mail: str) -> bool:
    try:
        return stores.database.first(_LIVE, mail=mail) is not None
    finally:
        stores.close()
