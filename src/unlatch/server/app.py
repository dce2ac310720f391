"""The app that is ready to run: settings from outside, Unlatch, and three pages of its own."""

import os
from collections.abc import Mapping
from pathlib import Path

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from unlatch import Unlatch
from unlatch.errors import Refused, SettingsError
from unlatch.flask import answers, headers
from unlatch.flask.current import current_request
from unlatch.flask.state import NAME
from unlatch.server import health, home, readiness
from unlatch.server.config import read_config
from unlatch.server.memory import give_large_blocks_back
from unlatch.server.toasts import carry_toasts

INSTANCE = "instance"
"""The folder below the current one where all is kept that has no other place by settings."""


_TEMPLATE = ("UNLATCH_BASE_TEMPLATE", "UNLATCH_BASE_TEMPLATE_FILE")


def create_app(config: Mapping[str, object] | None = None) -> Flask:
    """The app, for any WSGI server: `gunicorn "unlatch.server.app:create_app()"`.

    Args:
        config: The settings by their full names; by default read from the environment, `.env`
            and `unlatch.toml`.

    Raises:
        SettingsError: With every fault.
    """
    give_large_blocks_back()
    folder = Path.cwd()
    app = Flask("unlatch.server", instance_path=str(folder / INSTANCE), static_folder=None)
    app.config.update(read_config(folder, os.environ) if config is None else config)
    app.config[home.UNSET] = home.unset(app.config)
    _add_unlatch(app)
    readiness.add_watch(app)
    carry_toasts(app)
    app.register_blueprint(home.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_error_handler(HTTPException, answers.http_error)
    app.register_error_handler(Refused, answers.refusal)
    app.after_request(_add_headers)
    return app


def _add_unlatch(app: Flask) -> None:
    faults = []
    if any(app.config.get(one) for one in _TEMPLATE):  # every page of ours would be an error
        faults.append(
            f"{_TEMPLATE[0]} names a template, and here are none but our own: take it out. It is "
            "for an app of your own."
        )
    try:
        Unlatch(app)
    except SettingsError as error:
        faults += error.faults
    if faults:
        raise SettingsError(faults)


def _add_headers(response: Response) -> Response:
    """To those answers that have none yet: Unlatch's own views see to theirs, and so do the guards
    of others.
    """
    has_them = current_request().blueprint == NAME or "Content-Security-Policy" in response.headers
    return response if has_them else headers.add_headers(response)
