"""Signing in by e-mail: asking, the code, the link."""

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response

from unlatch.core.binding import Binding
from unlatch.core.email import SignedInByMail, TakenOver
from unlatch.core.kinds import Purpose
from unlatch.core.names import IDENTIFIER_MAX
from unlatch.core.next_path import own_path
from unlatch.core.records import Account
from unlatch.errors import ElsewhereBegun, FieldsRefused, MailGone, TooSoon, WrongCode
from unlatch.flask import answers, binding, browser, forms
from unlatch.flask.access import let_in, visitor
from unlatch.flask.mail_pages import show_code_page, show_elsewhere, show_gone
from unlatch.flask.party import party
from unlatch.flask.state import gate, state


def add_views(blueprint: Blueprint) -> None:
    """`/sign-in/email…`"""
    add = blueprint.add_url_rule
    add("/sign-in/email", "check_email", check_email)
    add("/sign-in/email", "ask_email", ask_email, methods=["POST"])
    add("/sign-in/email/link", "email_link", email_link)
    add("/sign-in/email/link", "spend_link", spend_link, methods=["POST"])
    add("/sign-in/email/code", "spend_code", spend_code, methods=["POST"])


def ask_email() -> ResponseReturnValue:
    """Ask for one mail; the answer is the same whether or not anybody is called that."""
    typed, account = _who()
    bound, next_path = binding.read(), forms.next_path()
    try:
        bound = gate().emails.begin_sign_in(
            account,
            typed=typed,
            next_path=next_path,
            binding=bound,
            party=party(),
            visitor=visitor(),
        )
    except TooSoon:
        asked = bound.asked(Purpose.SIGN_IN) if bound else None
        if bound is None or asked is None or asked.typed != typed or answers.wants_json():
            raise
        # A button pressed twice: the mail is on its way, and its page is what was wanted.
    else:
        binding.write(bound)
        state().deliver()
    return answers.onward(
        url_for("unlatch.check_email", next=next_path or None),
        lambda: _show_check(bound, next_path),
        {"sent": True, "expires_in": gate().mailed.seconds},
    )


def check_email() -> ResponseReturnValue:
    """The page with the code field, while this browser waits for a mail."""
    bound, next_path = binding.read(), forms.next_path()
    if bound is None or bound.asked(Purpose.SIGN_IN) is None:
        return answers.leave(url_for("unlatch.sign_in", next=next_path or None))
    return _show_check(bound, next_path)


def spend_code() -> ResponseReturnValue:
    """Sign in by the code."""
    bound, next_path = binding.read(), forms.next_path()
    try:
        done = gate().emails.finish_by_code(forms.field("code"), bound, visitor())
    except (FieldsRefused, WrongCode) as refused:
        if bound is None:
            raise MailGone from refused
        return _code_again(refused, bound, next_path)
    except MailGone as gone:
        return _show_gone(gone, by_code=True)
    return _signed_in(done)


def email_link() -> ResponseReturnValue:
    """A mailed link was opened. Never signs in: scanners open links too. The token leaves the
    address at once.
    """
    token = request.args.get("token")
    bound = binding.read()
    try:
        opened = gate().emails.look(token or binding.opened(Purpose.SIGN_IN), bound, visitor())
    except MailGone as gone:
        return _show_gone(gone)
    except ElsewhereBegun:
        return show_elsewhere(Purpose.SIGN_IN)
    if token:
        binding.keep_opened(token, Purpose.SIGN_IN)
        return without_referrer(answers.leave(url_for("unlatch.email_link")))
    return answers.page(
        "email/link.html",
        purpose="sign_in",
        name=opened.account.name if not opened.takes_over else "",
        takeover=opened.takes_over,
        action=url_for("unlatch.spend_link"),
        facts={"purpose": "sign_in", "takeover": opened.takes_over},
    )


def spend_link() -> ResponseReturnValue:
    """Sign in by the link that was opened here."""
    try:
        done = gate().emails.finish_by_link(
            binding.opened(Purpose.SIGN_IN), binding.read(), visitor()
        )
    except MailGone as gone:
        return _show_gone(gone)
    return _signed_in(done)


def without_referrer(response: Response) -> Response:
    """For the one redirect whose own address carries a token."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _who() -> tuple[str, Account | None]:
    """What to show back, and whose it is: as typed, or as this browser remembers."""
    identifier = forms.field("identifier").strip()
    if identifier:
        return identifier[:IDENTIFIER_MAX], gate().accounts.called(identifier)
    account = browser.remembered_account()
    if account is None:
        raise FieldsRefused({"identifier": "missing"})
    return account.username, account


def _show_check(bound: Binding, next_path: str) -> Response:
    return show_code_page(Purpose.SIGN_IN, bound, next_path)


def _code_again(refused: FieldsRefused | WrongCode, bound: Binding, next_path: str) -> Response:
    return show_code_page(Purpose.SIGN_IN, bound, next_path, refused=refused)


def _signed_in(done: SignedInByMail) -> Response:
    let_in(done.signed_in)
    if done.taken_over is not None:
        flash(_what_was_removed(done.taken_over), "info")
    return answers.leave(own_path(done.next_path) or url_for("unlatch.account"))


def _show_gone(gone: MailGone, *, by_code: bool = False) -> Response:
    """With the way to a new mail for whom the last was asked, if this browser knows it."""
    bound = binding.read()
    asked = bound.asked(Purpose.SIGN_IN) if bound else None
    return show_gone(
        gone,
        Purpose.SIGN_IN,
        again=url_for("unlatch.ask_email") if asked else "",
        by_code=by_code,
        identifier=asked.typed if asked else "",
        next=forms.next_path(),
    )


def _what_was_removed(taken: TakenOver) -> str:
    counted = ((taken.passkeys, "passkey"), (taken.sessions, "session"))
    removed = ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for n, what in counted if n)
    told = f" We removed what was set up before: {removed}." if removed else ""
    return f"Your address is confirmed.{told}"
