"""The code budget: how many wrong codes an account takes a day.

Anybody can ask for mails to an account and guess at their codes from his own browser, five a
mail. After twenty wrong ones in a day, mails asked for by browsers that the account does not
know carry a link only, and codes that left before fit no more: else whoever asks for many mails
first has five tries at each. The link and the passkey always work: nobody can lock an owner out.
It ends by itself after a day, or by a success.
"""

from unlatch.core.records import Account, Mail
from unlatch.core.times import DAY

WRONG_CODES = 20
PERIOD = DAY


def may_carry_code(mail: Mail, account: Account, *, now: int) -> bool:
    """Whether a mail that is about to be sent may hold a code."""
    if mail.known_browser:
        return True
    spent = account.code_failures if account.code_failures_since > now - PERIOD else 0
    return spent < WRONG_CODES
