"""Is it still you? A new proof in a session, by the account's own means."""

from urllib.parse import urlsplit

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from unlatch.core.answer import Answer
from unlatch.core.kinds import Purpose
from unlatch.core.next_path import own_path
from unlatch.core.policy import Change
from unlatch.errors import FieldsRefused, MailGone, TooSoon, WrongCode
from unlatch.flask import answers, binding, browser, ceremony_cookies, cookies, forms
from unlatch.flask.access import require_session, step_up, visitor
from unlatch.flask.answers import json_only
from unlatch.flask.client import client
from unlatch.flask.mail_pages import show_code_page, show_gone
from unlatch.flask.party import party
from unlatch.flask.state import gate, state

_CHANGES = {
    "unlatch.new_passkey": Change.ADD_PASSKEY,
    "unlatch.ask_removal": Change.REMOVE_PASSKEY,
    "unlatch.address": Change.CHANGE_ADDRESS,
}
"""What is about to be done, by the page that is gone to afterwards."""


def add_views(blueprint: Blueprint) -> None:
    """`/fresh…`"""
    add = blueprint.add_url_rule
    add("/fresh", "fresh", fresh)
    add("/fresh/passkey/options", "fresh_options", fresh_options, methods=["POST"])
    add("/fresh/passkey", "fresh_with_passkey", fresh_with_passkey, methods=["POST"])
    add("/fresh/email", "check_fresh_email", check_fresh_email)
    add("/fresh/email", "fresh_email", fresh_email, methods=["POST"])
    add("/fresh/email/code", "fresh_code", fresh_code, methods=["POST"])


def fresh() -> ResponseReturnValue:
    """Ask, and say for what."""
    live, next_path = require_session(), forms.next_path()
    change = _change_at(next_path)
    what = change.value if change else ""
    ways = gate().keyring.ways_to_prove(live, change)
    return answers.page(
        "fresh/ask.html",
        what=what,
        has_passkeys=bool(ways.passkeys),
        email_serves=ways.email,
        next=next_path,
        facts={"what": what, "passkey": bool(ways.passkeys), "email": ways.email},
        options_url=url_for("unlatch.fresh_options", next=next_path or None),
        finish_url=url_for("unlatch.fresh_with_passkey", next=next_path or None),
    )


@json_only
def fresh_options() -> ResponseReturnValue:
    """Begin by passkey: one that would do for what is gone to afterwards."""
    gate().limits.begin(client())
    change = _change_at(forms.next_path())
    begun = gate().passkeys.begin_step_up(require_session(), party(), change=change)
    ceremony_cookies.keep(begun)
    return answers.data({"publicKey": begun.options})


@json_only
def fresh_with_passkey() -> ResponseReturnValue:
    """Finish by passkey."""
    live = require_session()
    answer = Answer.read(forms.json_body())
    step_up(gate().passkeys.finish_step_up(answer, cookies.ceremonies(), party(), live, visitor()))
    ceremony_cookies.clear(answer)
    return answers.leave(forms.next_path() or url_for("unlatch.account"))


def fresh_email() -> ResponseReturnValue:
    """Ask for a code, where one would do."""
    live, bound, next_path = require_session(), binding.read(), forms.next_path()
    if not gate().keyring.ways_to_prove(live, _change_at(next_path)).email:
        return answers.leave(url_for("unlatch.fresh", next=next_path))
    try:
        bound = gate().emails.begin_step_up(
            live, next_path=next_path, binding=bound, party=party(), visitor=visitor()
        )
    except TooSoon:
        if bound is None or answers.wants_json():
            raise
        # Pressed twice: the mail is on its way.
    else:
        binding.write(bound)
        state().deliver()
    return answers.onward(
        url_for("unlatch.check_fresh_email", next=next_path or None),
        lambda: show_code_page(Purpose.FRESH, bound, next_path),
        {"sent": True, "expires_in": gate().mailed.seconds},
    )


def check_fresh_email() -> ResponseReturnValue:
    """The page with the code field."""
    require_session()
    bound, next_path = binding.read(), forms.next_path()
    if bound is None or bound.asked(Purpose.FRESH) is None:
        return answers.leave(url_for("unlatch.fresh", next=next_path or None))
    return show_code_page(Purpose.FRESH, bound, next_path)


def fresh_code() -> ResponseReturnValue:
    """Finish by code."""
    live, bound, next_path = require_session(), binding.read(), forms.next_path()
    try:
        done = gate().emails.finish_step_up(forms.field("code"), bound, live, visitor())
    except (FieldsRefused, WrongCode) as refused:
        if bound is None:
            raise MailGone from refused
        return show_code_page(Purpose.FRESH, bound, next_path, refused=refused)
    except MailGone as gone:
        again = url_for("unlatch.fresh_email")
        return show_gone(gone, Purpose.FRESH, again=again, by_code=True, next=next_path)
    step_up(done.signed_in)
    browser.remember(live.account, live.session.method, proved=True)  # by this code, if not before
    return answers.leave(own_path(done.next_path) or url_for("unlatch.account"))


def _change_at(next_path: str) -> Change | None:
    """What `_CHANGES` has for the page at that path; None where a host's own view is next."""
    path = urlsplit(next_path).path.removeprefix(request.script_root)
    try:
        endpoint, _ = current_app.url_map.bind("").match(path, method="GET")
    except HTTPException:
        return None
    return _CHANGES.get(str(endpoint))
