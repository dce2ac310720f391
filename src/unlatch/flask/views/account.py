"""The account page."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response

from unlatch.core.kinds import Method
from unlatch.core.records import Passkey, Session
from unlatch.flask import answers, shown
from unlatch.flask.access import require_session
from unlatch.flask.party import party
from unlatch.flask.state import gate


def add_views(blueprint: Blueprint) -> None:
    """`/account`"""
    blueprint.add_url_rule("/account", "account", account)


def account() -> ResponseReturnValue:
    """Who it is, their passkeys, and where they are signed in."""
    return show_account()


def show_account() -> Response:
    """The page, or for programs what is on it."""
    live = require_session()
    passkeys, sessions = gate().keyring.of(live), gate().sessions.of(live)
    current = live.session
    rows = [shown.session_row(one, current) for one in sessions]
    if answers.wants_json():
        return answers.data(
            {
                "account": shown.account(live.account),
                "passkeys": [shown.passkey(one) for one in passkeys],
                "session": shown.session(live),
            }
        )
    return answers.page(
        "account/profile.html",
        account=live.account,
        passkeys=[shown.passkey_row(one, current) for one in passkeys],
        sessions=rows,
        began=current.method.value,
        offer_passkey=_offers_passkey(current, passkeys),
        accepted=shown.accepted_credentials(live.account, passkeys, party().id),
    )


def back_to_account() -> Response:
    """Where most changes lead."""
    return answers.onward(url_for("unlatch.account"), show_account)


def _offers_passkey(current: Session, passkeys: list[Passkey]) -> bool:
    """After a sign-in by e-mail, until one was added: this browser seems to have none."""
    by_email = current.method is Method.EMAIL
    return by_email and all(one.added_at < current.began_at for one in passkeys)
