"""The extension: puts the sign-in pages, the commands and the settings into a Flask app."""

import secrets
from pathlib import Path

from flask import Blueprint, Flask, Response
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.routing import PathConverter

from unlatch.core.policy import Policy
from unlatch.database_url import SQLITE
from unlatch.errors import NotFound, Refused, SettingsError, StoreError
from unlatch.flask import access, answers, assets, headers, moments
from unlatch.flask.cli import commands
from unlatch.flask.current import current_app, current_request
from unlatch.flask.development import is_development, is_other_command
from unlatch.flask.served import folder_served
from unlatch.flask.state import NAME, State, state
from unlatch.settings import Settings


class _Anything(PathConverter):
    """What is left of a path, with line breaks, at which `path` ends: the host would answer in our
    place. And with a slash ahead, as in `/auth//sign-in`: Werkzeug would lead it to the one with
    one slash, for good, on whatever Host it named, by http, and with a mailed token in it.
    """

    part_isolating = False  # slashes, too
    regex = r"(?s:.+?)"


_CONVERTERS = {"unlatch_anything": _Anything}


class Unlatch:
    """Passwordless sign-in for a Flask app.

        app = Flask(__name__)
        Unlatch(app)

    Keeps no app: one object may serve several (`init_app`), each with a state of its own in
    `app.extensions["unlatch"]`.

    Args:
        policy: What must be proved before something changes, where that is more than the
            rules that always hold. For every app that is not given one of its own.
    """

    def __init__(self, app: Flask | None = None, *, policy: Policy | None = None) -> None:
        self._policy = policy
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask, *, policy: Policy | None = None) -> None:
        """Read the settings once and add our pages; opens nothing and writes nothing.

        Args:
            policy: For this app alone.

        Raises:
            SettingsError: With all faults, outside development. A `flask` command that does
                not serve lets them pass until something of ours is used.
        """
        if NAME in app.extensions:
            raise SettingsError(["Unlatch is on this app already; call init_app once."])
        if app.url_map.host_matching:
            # Its rules would have no host, and who is to sign in be sent to `https:///auth`.
            raise SettingsError(["Unlatch does not work in an app with host_matching=True."])
        settings = _settings(app)
        app.extensions[NAME] = State(app, settings, policy or self._policy)
        if not app.secret_key:
            app.secret_key, *older = _keys_for_toasts(settings)
            app.config["SECRET_KEY_FALLBACKS"] = older
        prefix = "/auth" if isinstance(settings, SettingsError) else settings.url_prefix
        blueprint = _blueprint()
        app.register_blueprint(blueprint, url_prefix=prefix)
        app.after_request(headers.add_remembered)
        app.cli.add_command(commands)
        app.context_processor(lambda: {"current_account": access.current_account})


def _settings(app: Flask) -> Settings | SettingsError:
    try:
        settings = Settings.read(app.config, development=is_development(app))
        _refuse_served_database(app, settings.database_url)
        return settings
    except SettingsError as error:
        if is_other_command():
            return error
        raise


def _refuse_served_database(app: Flask, url: str | None) -> None:
    if url is None or not url.startswith(SQLITE):
        return
    if served := folder_served(app, Path(url.removeprefix(SQLITE))):
        raise SettingsError(
            [
                f"UNLATCH_DATABASE_URL names a file in {served}, which the app serves to "
                "everybody; name one outside of it."
            ]
        )


def _keys_for_toasts(settings: Settings | SettingsError) -> list[bytes]:
    """Flask signs with the first what `flash` says across a redirect, and nothing of ours. In
    development a new one at each start will do.
    """
    if isinstance(settings, SettingsError) or not settings.secret_keys:
        return [secrets.token_bytes()]
    from unlatch.core.keys import Keys

    return [Keys([key]).mac("flask-session", b"") for key in settings.secret_keys]


def _blueprint() -> Blueprint:
    blueprint = Blueprint(NAME, "unlatch.flask", template_folder="templates")
    blueprint.url_value_preprocessor(_spare_from_tokens)
    blueprint.before_request(_begin)
    blueprint.after_request(headers.add_headers)
    blueprint.add_url_rule("/static/<path:filename>", "static", assets.static)
    blueprint.add_app_template_filter(moments.when, "unlatch_when")
    blueprint.add_app_template_filter(moments.iso, "unlatch_iso")
    # With them comes what requests need, webauthn above all, for which no `import unlatch` waits.
    from unlatch.flask.views import add_views

    add_views(blueprint)
    _answer_errors(blueprint)
    return blueprint


def _spare_from_tokens(*_: object) -> None:
    """A host's CSRFProtect (Flask-WTF) wants a token in every form; ours are guarded by the
    browser's own word on where a request comes from (`access.py`). Said at each request of ours,
    ahead of all `before_request`, of which its check is one: so the host may put it on the app
    before us or after.
    """
    app = current_app()
    protect = app.extensions.get("csrf")
    if protect is not None:
        protect.exempt(app.blueprints[NAME])


def _begin() -> ResponseReturnValue | None:
    """Before every view of ours."""
    answer = access.check_request()
    if answer is None and current_request().endpoint != "unlatch.static":
        own = state()
        own.sender.start()  # for mails that an earlier process left behind
        own.throttle.request_begins()
    return answer


def _answer_errors(blueprint: Blueprint) -> None:
    """Every error of ours in one shape; the host's stay the host's."""
    blueprint.register_error_handler(Refused, answers.refusal)
    blueprint.register_error_handler(StoreError, answers.store_is_away)
    blueprint.register_error_handler(HTTPException, answers.http_error)
    blueprint.record_once(lambda setup: setup.app.url_map.converters.update(_CONVERTERS))
    blueprint.add_url_rule(
        "/<unlatch_anything:unknown>",
        "unknown",
        _nothing_here,
        methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
    )


def _nothing_here(**_: str) -> Response:
    # A blueprint's error handlers do not see addresses that no rule matches, so one does. The
    # log is not told which: a mailed link that some program mangled has its token in there.
    raise NotFound("no such address")
