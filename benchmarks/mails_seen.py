"""What came to somebody by mail, looked up at the mail server."""

import time
from email import message_from_bytes, policy
from email.message import EmailMessage

from postman import Postman

from unlatch.flask.sender.reading import body, code_in


class NoMail(Exception):
    """Not so many came in time."""


def texts(
    who: str, postman: Postman, *, after: int, until: float, many: int = 1, code: bool = False
) -> list[str]:
    """Wait for mails, and give what they say.

    Args:
        who: What stands before the @ in the address.
        after: How many had come for anybody when this one asked.
        until: When nobody waits any longer, by `time.perf_counter()`.
        many: Of theirs are waited for.
        code: Whether one without a code is none.

    Raises:
        NoMail: Not so many came.
    """
    while len(found := _texts(who, postman, after, code)) < many:
        if time.perf_counter() > until:
            raise NoMail(f"{len(found)} of {many} mails came to {who}")
        time.sleep(0.01)
    return found


def _texts(who: str, postman: Postman, after: int, code: bool) -> list[str]:
    read = (
        message_from_bytes(postman.contents[number], EmailMessage, policy=policy.default)
        for number in range(after, len(postman.contents))
        if postman.taken[number].partition("@")[0] == who
    )
    return [text for one in read if (text := body(one, "plain")) and (not code or code_in(text))]
