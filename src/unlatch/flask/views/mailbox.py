"""The development mailbox: what would have been mailed."""

import ipaddress
from dataclasses import asdict

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from unlatch.errors import NotFound
from unlatch.flask import answers
from unlatch.flask.state import state

_FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


def add_views(blueprint: Blueprint) -> None:
    """`/dev/mailbox`"""
    blueprint.add_url_rule("/dev/mailbox", "mailbox", mailbox)


def mailbox() -> ResponseReturnValue:
    """Newest first, as a page and for programs.

    Raises:
        NotFound: Outside development, with a mail server, from another machine, or through a
            proxy: whoever reads these mails can sign in as anybody.
    """
    if not _is_for_developers():
        raise NotFound("no mailbox here")
    mails = [asdict(one) for one in state().mailbox.mails()]
    if answers.wants_json():
        return answers.data(mails)
    return answers.page("dev/mailbox.html", mails=mails)


def _is_for_developers() -> bool:
    settings = state().settings
    if not settings.development or settings.mail is not None:
        return False
    if any(name in request.headers for name in _FORWARDING):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
