"""The e-mail address of an account: proved, or corrected while nobody has proved it."""

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response

from unlatch.core.binding import Binding
from unlatch.core.kinds import Purpose
from unlatch.core.records import LiveSession
from unlatch.errors import ElsewhereBegun, FieldsRefused, MailGone, TooSoon, WrongCode
from unlatch.flask import answers, binding, browser, cookies, forms, shown
from unlatch.flask.access import require_session, reread_session, visitor
from unlatch.flask.answers import taken_up_at
from unlatch.flask.mail_pages import code_context, code_facts, show_elsewhere, show_gone
from unlatch.flask.party import party
from unlatch.flask.state import gate, state
from unlatch.flask.views.email import without_referrer

_TEMPLATE = "account/email.html"


def add_views(blueprint: Blueprint) -> None:
    """`/account/email…`"""
    add = blueprint.add_url_rule
    add("/account/email", "address", address)
    add("/account/email", "correct_address", correct_address, methods=["POST"])
    add("/account/email/confirm", "ask_confirmation", ask_confirmation, methods=["POST"])
    add("/account/email/code", "confirm_by_code", confirm_by_code, methods=["POST"])
    add("/account/email/link", "confirm_link", confirm_link)
    add("/account/email/link", "confirm_by_link", confirm_by_link, methods=["POST"])


def address() -> ResponseReturnValue:
    """The page that asks for the code, and after the first passkey says that all is set."""
    live = require_session()
    typed = answers.typed_before().get("email", "")
    return _show(live, binding.read(), welcome="welcome" in request.args, email=typed)


@taken_up_at("unlatch.address")
def ask_confirmation() -> ResponseReturnValue:
    """Send the confirmation again."""
    live, bound = require_session(), binding.read()
    try:
        bound = gate().addresses.ask_confirmation(
            live, binding=bound, party=party(), visitor=visitor()
        )
    except TooSoon:
        if answers.wants_json():
            raise
        # Pressed twice: the page it leads to says when the next may be asked for.
    else:
        _sent(bound)
    return _onward(live, bound)


@taken_up_at("unlatch.address", "email")
def correct_address() -> ResponseReturnValue:
    """Change the address and mail the new one."""
    live, typed = require_session(), forms.field("email")
    try:
        bound = gate().addresses.correct(
            live, typed, binding=binding.read(), party=party(), visitor=visitor()
        )
    except FieldsRefused as refused:
        return answers.form_again(
            refused, _TEMPLATE, **_context(live, binding.read(), correcting=True, email=typed)
        )
    _sent(bound)
    return _onward(reread_session(), bound)


@taken_up_at("unlatch.address")
def confirm_by_code() -> ResponseReturnValue:
    """Prove the address by the code."""
    live, bound = require_session(), binding.read()
    try:
        gate().addresses.confirm_by_code(forms.field("code"), bound, live, visitor())
    except (FieldsRefused, WrongCode) as refused:
        return answers.form_again(refused, _TEMPLATE, **_context(live, bound))
    except MailGone as gone:
        return _show_gone(gone)
    return _confirmed(live)


def confirm_link() -> ResponseReturnValue:
    """A confirmation's link was opened. Confirms nothing by itself: scanners open links too."""
    token = request.args.get("token")
    try:
        gate().addresses.look_at_confirmation(
            token or binding.opened(Purpose.CONFIRM), binding.read()
        )
    except MailGone as gone:
        return _show_gone(gone)
    except ElsewhereBegun:
        return show_elsewhere(Purpose.CONFIRM)
    if token:
        binding.keep_opened(token, Purpose.CONFIRM)
        return without_referrer(answers.leave(url_for("unlatch.confirm_link")))
    require_session()
    return answers.page(
        "email/link.html",
        purpose="confirm",
        name="",
        takeover=False,
        action=url_for("unlatch.confirm_by_link"),
        facts={"purpose": "confirm"},
    )


@taken_up_at("unlatch.confirm_link")
def confirm_by_link() -> ResponseReturnValue:
    """Prove the address by the link that was opened here."""
    live = require_session()
    try:
        gate().addresses.confirm_by_link(
            binding.opened(Purpose.CONFIRM), binding.read(), live, visitor()
        )
    except MailGone as gone:
        return _show_gone(gone)
    cookies.OPENED_LINK.clear()
    return _confirmed(live)


def _sent(bound: Binding) -> None:
    binding.write(bound)
    state().deliver()


def _onward(live: LiveSession, bound: Binding | None) -> Response:
    return answers.onward(
        url_for("unlatch.address", next=forms.next_path() or None),
        lambda: _show(live, bound),
        {"sent": True, "expires_in": gate().mailed.seconds},
    )


def _confirmed(live: LiveSession) -> Response:
    # What it remembers is from before the proof, and would count as a squatter's.
    browser.remember(live.account, live.session.method, proved=True)
    flash("Address confirmed", "success")
    return answers.leave(forms.next_path() or url_for("unlatch.account"))


def _show(
    live: LiveSession, bound: Binding | None, *, welcome: bool = False, email: str = ""
) -> Response:
    context = _context(live, bound, welcome=welcome, correcting=bool(email), email=email)
    facts = {"account": shown.account(live.account), **code_facts(context)}
    return answers.page(_TEMPLATE, facts=facts, **context)


def _context(
    live: LiveSession,
    bound: Binding | None,
    *,
    welcome: bool = False,
    correcting: bool = False,
    email: str = "",
) -> dict[str, Any]:
    return {
        **code_context(Purpose.CONFIRM, bound),
        "account": live.account,
        "sent_to": live.account.address,
        "welcome": welcome,
        "correcting": correcting,
        "form": {"email": email},
        "next": forms.next_path(),
    }


def _show_gone(gone: MailGone) -> Response:
    return show_gone(gone, Purpose.CONFIRM, again=url_for("unlatch.ask_confirmation"))
