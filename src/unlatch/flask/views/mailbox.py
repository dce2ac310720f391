"""The development mailbox: what would have been mailed."""

import ipaddress
from dataclasses import asdict

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from unlatch.errors import NotFound
from unlatch.flask import answers
from unlatch.flask.state import state

_FORWARDING = frozenset(
    {
        "cdn-loop",
        "cf-connecting-ip",
        "fastly-client-ip",
        "forwarded",
        "true-client-ip",
        "via",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-envoy-external-address",
        "x-real-ip",
    }
)


_HTTP_1_0 = ("HTTP/1.0", "HTTP/1")
"""The second is how granian says it."""


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
    if not settings.development or settings.mail is not None or settings.is_https:
        return False
    return _is_loopback(request.remote_addr) and not _comes_through_proxy()


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def _comes_through_proxy() -> bool:
    """By the headers that proxies add; and by HTTP/1.0, which no browser speaks and nginx does
    before 1.29.7, when it is told to pass on and nothing more.
    """
    names = [name.lower() for name, _ in request.headers]
    forwarded = any(name in _FORWARDING or name.startswith("x-forwarded-") for name in names)
    return forwarded or request.environ.get("SERVER_PROTOCOL") in _HTTP_1_0
