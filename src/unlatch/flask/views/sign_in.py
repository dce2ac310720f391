"""Signing in, first stage: who; and the page of the second: how."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response

from unlatch.core.names import IDENTIFIER_MAX, identifier_keys
from unlatch.core.passkeys import Begun
from unlatch.core.times import MINUTE
from unlatch.errors import FieldsRefused
from unlatch.flask import answers, binding, browser, ceremony_cookies, forms
from unlatch.flask.access import live_session, session_cookie
from unlatch.flask.party import party
from unlatch.flask.state import gate

_SEAL = "identifier"
_SHOWN_FOR = 15 * MINUTE
_TIME_BYTES, _DIGEST_BYTES = 8, 32


def add_views(blueprint: Blueprint) -> None:
    """`/sign-in`"""
    blueprint.add_url_rule("/sign-in", "sign_in", sign_in)
    blueprint.add_url_rule("/sign-in", "identify", identify, methods=["POST"])
    blueprint.add_url_rule("/sign-in/switch", "switch_account", switch_account, methods=["POST"])


def sign_in() -> ResponseReturnValue:
    """Choose a method, for the account that this browser remembers or that was just typed; or
    the form that asks who it is, with passkey autofill.
    """
    next_path = forms.next_path()
    if live_session() is not None:
        return answers.leave(next_path or url_for("unlatch.account"))
    identifier = _opened_identifier(request.args.get("who", ""))
    return _methods_of(identifier, next_path) or _remembered(next_path) or _who(next_path)


def identify() -> ResponseReturnValue:
    """Somebody says who they are; known or not, the next page is the same."""
    identifier, next_path = forms.field("identifier").strip(), forms.next_path()
    fault = _fault_of(identifier)
    if fault:
        refused = FieldsRefused({"identifier": fault})
        return answers.form_again(
            refused, "sign_in/identify.html", identifier=identifier[:IDENTIFIER_MAX], next=next_path
        )
    url = url_for("unlatch.sign_in", who=sealed_identifier(identifier), next=next_path or None)
    return answers.onward(url, lambda: _methods(identifier, next_path))


def switch_account() -> ResponseReturnValue:
    """Forget who last signed in here, and what was asked for and not finished."""
    browser.forget()
    binding.forget()
    next_path = forms.next_path()
    url = url_for("unlatch.sign_in", next=next_path or None)
    return answers.onward(url, lambda: _who(next_path))


def sealed_identifier(identifier: str) -> str:
    """What was typed, for the address of the next page: sealed, because addresses are kept in
    histories and logs; with the time and with who came before, because whoever opens such an
    address should not be shown for ever, nor after a sign-in of their own, what somebody else
    typed here.
    """
    sealed_at = gate().clock().to_bytes(_TIME_BYTES, "big")
    return gate().keys.seal(_SEAL, sealed_at + browser.last_success() + identifier.encode())


def _opened_identifier(sealed: str) -> str:
    try:
        content = gate().keys.open(_SEAL, sealed) if sealed else b""
        sealed_at, last_success, identifier = _parts(content)
    except ValueError:
        return ""
    is_new = sealed_at > gate().clock() - _SHOWN_FOR
    return identifier if is_new and last_success == browser.last_success() else ""


def _parts(content: bytes) -> tuple[int, bytes, str]:
    sealed_at, rest = content[:_TIME_BYTES], content[_TIME_BYTES:]
    return int.from_bytes(sealed_at, "big"), rest[:_DIGEST_BYTES], rest[_DIGEST_BYTES:].decode()


def _fault_of(identifier: str) -> str | None:
    """Why it can be nobody's, by its form alone."""
    if not identifier:
        return "missing"
    if len(identifier) > IDENTIFIER_MAX:
        return "too_long"
    return None if any(identifier_keys(identifier)) else "malformed"


def _who(next_path: str) -> Response:
    begun: Begun = gate().passkeys.begin_sign_in(party())
    ceremony_cookies.keep(begun)
    return answers.page(
        "sign_in/identify.html",
        autofill=begun.options,
        next=next_path,
        ended=_has_ended(),
        facts={"step": "identify", "publicKey": begun.options},
    )


def _has_ended() -> bool:
    """Whether this browser believes it is signed in, and no longer is: ended elsewhere, or by
    time.
    """
    return bool(session_cookie().read()) and live_session() is None


def _methods_of(identifier: str, next_path: str) -> Response | None:
    return _methods(identifier, next_path) if identifier else None


def _methods(identifier: str, next_path: str) -> Response:
    return answers.page(
        "sign_in/method.html",
        who=identifier,
        identifier=identifier,
        remembered=False,
        email_first=False,
        next=next_path,
        facts={"step": "method", "identifier": identifier, "remembered": False},
    )


def _remembered(next_path: str) -> Response | None:
    remembered = browser.remembered()
    account = gate().accounts.find(remembered.account_id) if remembered else None
    if remembered is None or account is None:
        return None
    return answers.page(
        "sign_in/method.html",
        who=account.name,
        identifier="",
        remembered=True,
        email_first=remembered.by_email,
        next=next_path,
        ended=_has_ended(),
        facts={"step": "method", "name": account.name, "remembered": True},
    )
