"""The addresses, a file for each stem. A view reads, asks the core, and answers."""

from flask import Blueprint

from unlatch.flask.views import (
    account,
    addresses,
    email,
    fresh,
    mailbox,
    passkeys,
    register,
    sessions,
    sign_in,
)

_STEMS = (register, sign_in, passkeys, email, addresses, account, sessions, fresh, mailbox)


def add_views(blueprint: Blueprint) -> None:
    """Put every address of `docs/` under the prefix."""
    for stem in _STEMS:
        stem.add_views(blueprint)
