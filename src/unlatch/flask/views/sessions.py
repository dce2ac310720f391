"""Sessions: who is signed in here, signing out, ending another."""

from flask import Blueprint, flash, url_for
from flask.typing import ResponseReturnValue

from unlatch.flask import answers, shown
from unlatch.flask.access import require_session, sent_sessions, session_cookie
from unlatch.flask.answers import json_only
from unlatch.flask.state import gate
from unlatch.flask.views.account import back_to_account


def add_views(blueprint: Blueprint) -> None:
    """`/session`, `/sign-out` and `/account/sessions…`"""
    blueprint.add_url_rule("/session", "session", session)
    blueprint.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])
    blueprint.add_url_rule(
        "/account/sessions/<session_id>/end", "end_session", end_session, methods=["POST"]
    )


@json_only
def session() -> ResponseReturnValue:
    """Who is signed in, for programs."""
    return answers.data(shown.session(require_session()))


def sign_out() -> ResponseReturnValue:
    """End this session; without one there is nothing to end, and that is no error."""
    ended = sent_sessions()
    for live in ended:
        gate().sessions.sign_out(live)
    if ended:
        flash("Signed out", "success")
    session_cookie().clear()
    return answers.leave(url_for("unlatch.sign_in"), {})


def end_session(session_id: str) -> ResponseReturnValue:
    """End another session of the same account."""
    gate().sessions.end(require_session(), session_id)
    flash("Signed out there", "success")
    return back_to_account()
