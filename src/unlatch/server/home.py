"""The home page."""

from collections.abc import Mapping

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from unlatch import current_account
from unlatch.errors import SettingsError, StoreError
from unlatch.flask import answers
from unlatch.flask.context import page_context
from unlatch.settings import Settings

UNSET = "UNSET"
"""Where the app's config holds what `unset` found."""

blueprint = Blueprint("site", "unlatch.server", template_folder="templates")
blueprint.register_error_handler(StoreError, answers.store_is_away)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """What this is; for who is signed in, the way to the account."""
    stranger = not current_account  # loads the session, if the browser has one
    in_development = current_app.extensions["unlatch"].settings.development
    return render_template(
        "server/home.html",
        **page_context(),
        unset=current_app.config[UNSET] if stranger and in_development else (),
    )


def unset(config: Mapping[str, object]) -> list[dict[str, str]]:
    """What will be missed outside development: by `key`, in `words`."""
    try:
        Settings.read(config, development=False)
    except SettingsError as error:
        return [_by_key(fault) for fault in error.faults]
    return []


def _by_key(fault: str) -> dict[str, str]:
    key, _, words = fault.partition(" ")
    words = words.removeprefix("is missing; ")
    return {"key": key, "words": words[:1].upper() + words[1:]}
