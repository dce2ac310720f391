"""The extension: puts the sign-in pages, the commands and the settings into a Flask app."""

import secrets

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

from unlatch.core.secrets import Keys
from unlatch.errors import NotFound, Refused, SettingsError, StoreError
from unlatch.flask import access, answers, assets, headers, moments
from unlatch.flask.cli import commands
from unlatch.flask.development import is_development, is_other_command
from unlatch.flask.state import NAME, State, state
from unlatch.flask.views import add_views
from unlatch.settings import Settings


class Unlatch:
    """Passwordless sign-in for a Flask app.

        app = Flask(__name__)
        Unlatch(app)

    Keeps no app: one object may serve several (`init_app`), each with a state of its own in
    `app.extensions["unlatch"]`.
    """

    def __init__(self, app: Flask | None = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Read the settings once and add our pages; opens nothing and writes nothing.

        Raises:
            SettingsError: With all faults, outside development. A `flask` command that does
                not serve lets them pass until something of ours is used.
        """
        if NAME in app.extensions:
            raise SettingsError(["Unlatch is on this app already; call init_app once."])
        settings = _settings(app)
        app.extensions[NAME] = State(app, settings)
        if not app.secret_key:
            app.secret_key = _key_for_toasts(settings)
        prefix = "/auth" if isinstance(settings, SettingsError) else settings.url_prefix
        blueprint = _blueprint()
        app.register_blueprint(blueprint, url_prefix=prefix)
        app.cli.add_command(commands)
        app.context_processor(lambda: {"current_account": access.current_account})
        if "csrf" in app.extensions:
            # A host's CSRFProtect wants a token in every form; ours are guarded by the
            # browser's own word on where a request comes from (`access.py`).
            app.extensions["csrf"].exempt(blueprint)


def _settings(app: Flask) -> Settings | SettingsError:
    try:
        return Settings.read(app.config, development=is_development(app))
    except SettingsError as error:
        if is_other_command():
            return error
        raise


def _key_for_toasts(settings: Settings | SettingsError) -> bytes:
    """Flask signs with it what `flash` says across a redirect, and nothing of ours. In
    development a new one at each start will do.
    """
    if isinstance(settings, SettingsError) or not settings.secret_keys:
        return secrets.token_bytes()
    return Keys(settings.secret_keys).mac("flask-session", b"")


def _blueprint() -> Blueprint:
    blueprint = Blueprint(NAME, "unlatch.flask", template_folder="templates")
    blueprint.before_request(access.check_request)
    blueprint.before_request(_begin_sending)
    blueprint.after_request(headers.add_headers)
    blueprint.add_url_rule("/static/<path:filename>", "static", assets.static)
    blueprint.add_app_template_filter(moments.when, "unlatch_when")
    blueprint.add_app_template_filter(moments.iso, "unlatch_iso")
    add_views(blueprint)
    _answer_errors(blueprint)
    return blueprint


def _begin_sending() -> None:
    """At a process's first request, for mails that an earlier process left behind."""
    if request.endpoint != "unlatch.static":
        state().sender.start()


def _answer_errors(blueprint: Blueprint) -> None:
    """Every error of ours in one shape; the host's stay the host's."""
    blueprint.register_error_handler(Refused, answers.refusal)
    blueprint.register_error_handler(StoreError, answers.store_is_away)
    blueprint.register_error_handler(HTTPException, answers.http_error)
    blueprint.add_url_rule(
        "/<path:unknown>", "unknown", _nothing_here, methods=["GET", "POST", "PATCH", "DELETE"]
    )


def _nothing_here(**_: str) -> Response:
    # A blueprint's error handlers do not see addresses that no rule matches, so one does. The
    # log is not told which: a mailed link that some program mangled has its token in there.
    raise NotFound("no such address")
