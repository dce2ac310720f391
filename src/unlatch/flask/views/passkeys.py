"""Passkeys: signing in with one, adding, naming and removing them."""

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response

from unlatch.core.answer import Answer
from unlatch.core.passkeys import Begun
from unlatch.errors import FieldsRefused, Malformed
from unlatch.flask import answers, browser, ceremony_cookies, cookies, forms, shown
from unlatch.flask.access import let_in, require_session, visitor
from unlatch.flask.answers import json_only, taken_up_at
from unlatch.flask.client import client
from unlatch.flask.party import party
from unlatch.flask.state import gate, state
from unlatch.flask.views.account import back_to_account


def add_views(blueprint: Blueprint) -> None:
    """`/sign-in/passkey…` and `/account/passkeys…`"""
    add = blueprint.add_url_rule
    add("/sign-in/passkey/options", "sign_in_options", sign_in_options, methods=["POST"])
    add("/sign-in/passkey", "sign_in_with_passkey", sign_in_with_passkey, methods=["POST"])
    add("/account/passkeys/new", "new_passkey", new_passkey)
    add("/account/passkeys/options", "passkey_options", passkey_options, methods=["POST"])
    add("/account/passkeys", "passkeys", passkeys)
    add("/account/passkeys", "add_passkey", add_passkey, methods=["POST"])
    one = "/account/passkeys/<passkey_id>"
    add(one, "change_passkey", change_passkey, methods=["PATCH"])
    add(one, "delete_passkey", delete_passkey, methods=["DELETE"])
    add(f"{one}/rename", "ask_name", ask_name)
    add(f"{one}/rename", "rename_passkey", rename_passkey, methods=["POST"])
    add(f"{one}/remove", "ask_removal", ask_removal)
    add(f"{one}/remove", "remove_passkey", remove_passkey, methods=["POST"])


@json_only
def sign_in_options() -> ResponseReturnValue:
    """Begin: for whom was named, for whom this browser remembers, or for anybody."""
    body = forms.json_body()
    identifier = body.get("identifier")
    if identifier is not None and not isinstance(identifier, str):
        raise Malformed("identifier is no text")
    gate().limits.begin(client())
    return _begun(_begin_sign_in(identifier, remembered=body.get("remembered") is True))


@json_only
def sign_in_with_passkey() -> ResponseReturnValue:
    """Finish: one answer opens one session."""
    answer = Answer.read(forms.json_body())
    let_in(gate().passkeys.finish_sign_in(answer, cookies.ceremonies(), party(), visitor()))
    ceremony_cookies.clear(answer)
    return answers.leave(forms.next_path() or url_for("unlatch.account"))


def new_passkey() -> ResponseReturnValue:
    """The set-up page; asks first for a fresh proof, so that the device is not asked in vain."""
    gate().passkeys.may_add(require_session())
    first = "first" in request.args
    return show_set_up(first=first, next_path=forms.next_path())


def show_set_up(*, first: bool, next_path: str) -> Response:
    """The set-up page.

    Args:
        first: Straight after registration.
    """
    way: dict[str, Any] = {"first": 1 if first else None, "next": next_path or None}
    options, finish = (
        url_for("unlatch.passkey_options", **way),
        url_for("unlatch.add_passkey", **way),
    )
    return answers.page(
        "passkeys/new.html",
        first=first,
        next=next_path,
        options_url=options,
        finish_url=finish,
        facts={"options": options, "finish": finish},
    )


@json_only
@taken_up_at("unlatch.new_passkey")
def passkey_options() -> ResponseReturnValue:
    """Begin to add one."""
    gate().limits.begin(client())
    return _begun(gate().passkeys.begin_registration(require_session(), party()))


@json_only
@taken_up_at("unlatch.new_passkey")
def add_passkey() -> ResponseReturnValue:
    """Finish to add one."""
    live = require_session()
    answer = Answer.read(forms.json_body())
    passkey = gate().passkeys.finish_registration(
        answer, cookies.ceremonies(), party(), live, visitor()
    )
    ceremony_cookies.clear(answer)
    state().deliver()
    next_path = forms.next_path()
    if "first" in request.args:
        url = url_for("unlatch.address", welcome=1, next=next_path or None)
    else:
        flash("Passkey added", "success")
        url = next_path or url_for("unlatch.account")
    return answers.data({"passkey": shown.passkey(passkey), "next": url}, status=201)


@json_only
def passkeys() -> ResponseReturnValue:
    """The list, for programs."""
    kept = gate().keyring.of(require_session())
    return answers.data({"passkeys": [shown.passkey(one) for one in kept]})


@json_only
@taken_up_at("unlatch.ask_name")
def change_passkey(passkey_id: str) -> ResponseReturnValue:
    """Rename, for programs."""
    live = require_session()
    forms.json_body()
    passkey = gate().keyring.rename(live, passkey_id, forms.field("name"))
    return answers.data({"passkey": shown.passkey(passkey)})


@json_only
@taken_up_at("unlatch.ask_removal")
def delete_passkey(passkey_id: str) -> ResponseReturnValue:
    """Remove, for programs."""
    passkey = gate().keyring.remove(require_session(), passkey_id, party(), visitor())
    state().deliver()
    return answers.data({"passkey": shown.passkey(passkey)})


def ask_name(passkey_id: str) -> ResponseReturnValue:
    """The form for another name."""
    passkey = gate().keyring.one(require_session(), passkey_id)
    return answers.page(
        "passkeys/rename.html", passkey=passkey, facts={"passkey": shown.passkey(passkey)}
    )


@taken_up_at("unlatch.ask_name")
def rename_passkey(passkey_id: str) -> ResponseReturnValue:
    """Give it another name."""
    live, name = require_session(), forms.field("name")
    try:
        gate().keyring.rename(live, passkey_id, name)
    except FieldsRefused as refused:
        passkey = gate().keyring.one(live, passkey_id)
        return answers.form_again(
            refused, "passkeys/rename.html", passkey=passkey, form={"name": name}
        )
    flash("Passkey renamed", "success")
    return back_to_account()


def ask_removal(passkey_id: str) -> ResponseReturnValue:
    """Ask once, by name; a fresh proof comes first, so that the answer is the last step."""
    live = require_session()
    removable = gate().keyring.may_remove(live, passkey_id)
    passkey, last = removable.passkey, removable.is_last
    facts = {"passkey": shown.passkey(passkey), "last": last}
    return answers.page("passkeys/remove.html", passkey=passkey, last=last, facts=facts)


@taken_up_at("unlatch.ask_removal")
def remove_passkey(passkey_id: str) -> ResponseReturnValue:
    """Remove it."""
    gate().keyring.remove(require_session(), passkey_id, party(), visitor())
    state().deliver()
    flash("Passkey removed", "success")
    return back_to_account()


def _begin_sign_in(identifier: str | None, *, remembered: bool) -> Begun:
    ceremonies = gate().passkeys
    if identifier is not None:
        return ceremonies.begin_named_sign_in(identifier, party())
    known = browser.remembered() if remembered else None
    if known is not None:
        is_theirs = browser.remembered_account() is not None
        return ceremonies.begin_remembered_sign_in(known.account_id, party(), is_theirs=is_theirs)
    return ceremonies.begin_sign_in(party())


def _begun(begun: Begun) -> ResponseReturnValue:
    ceremony_cookies.keep(begun)
    return answers.data({"publicKey": begun.options})
