"""Making an account."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from unlatch.errors import AddressTaken, FieldsRefused, RegistrationClosed
from unlatch.flask import answers, binding, browser, forms, shown
from unlatch.flask.access import let_in, live_session, visitor
from unlatch.flask.party import party
from unlatch.flask.state import gate, state
from unlatch.flask.views.passkeys import show_set_up
from unlatch.flask.views.sign_in import sealed_identifier

_FIELDS = ("name", "username", "email")


def add_views(blueprint: Blueprint) -> None:
    """`/register`"""
    blueprint.add_url_rule("/register", "register", register)
    blueprint.add_url_rule("/register", "make_account", make_account, methods=["POST"])


def register() -> ResponseReturnValue:
    """The form, or the page that says that nobody new is taken."""
    if live_session() is not None:
        return answers.leave(forms.next_path() or url_for("unlatch.account"))
    if not state().settings.registration_open:
        return _closed()
    return answers.page(
        "register/form.html",
        form={},
        next=forms.next_path(),
        facts={"registration": "open", "fields": _FIELDS},
    )


def make_account() -> ResponseReturnValue:
    """Account made, signed in, and on to its first passkey."""
    typed = {name: forms.field(name) for name in _FIELDS}
    next_path = forms.next_path()
    try:
        signed_in, bound = gate().accounts.register(
            **typed, party=party(), visitor=visitor(browser.make_known())
        )
    except RegistrationClosed:
        return _closed()
    except FieldsRefused as refused:
        who = sealed_identifier(typed["email"]) if isinstance(refused, AddressTaken) else None
        return answers.form_again(
            refused, "register/form.html", form=typed, next=next_path, who=who
        )
    live = let_in(signed_in)
    binding.write(bound)
    state().deliver()
    url = url_for("unlatch.new_passkey", next=next_path or None, first=1)
    return answers.onward(
        url,
        lambda: show_set_up(first=True, next_path=next_path),
        {"account": shown.account(live.account), "next": url},
        status=201,
    )


def _closed() -> ResponseReturnValue:
    if answers.wants_json():
        return answers.refusal(RegistrationClosed())
    answers.note(RegistrationClosed())
    return answers.page("register/closed.html", status=403)
