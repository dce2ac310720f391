"""What is measured beside Unlatch: a Flask app with Flask-Security as its quickstart has it, and
passkeys switched on.

It has what it ships with: its newest models that know passkeys, Flask-SQLAlchemy, sessions in
Flask's signed cookie, the forms' own token against CSRF. What would only make it slower is left
out: `pool_pre_ping` of its quickstart, and `SECURITY_TRACKABLE`, which writes down each sign-in.
"""

from typing import Any

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from flask_security import Security, SQLAlchemyUserDatastore, auth_required, current_user
from flask_security.models import fsqla_v3 as models
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from werkzeug.middleware.proxy_fix import ProxyFix

db = SQLAlchemy()
models.FsModels.set_db_info(db)
Model: Any = db.Model


class Role(Model, models.FsRoleMixin):
    """Nobody has one."""


class User(Model, models.FsUserMixin):
    """Without a password."""


class WebAuthn(Model, models.FsWebAuthnMixin):
    """A passkey."""


def create_app() -> Flask:
    """The settings are in the environment: the secrets are made for this run."""
    app = Flask(__name__)
    app.config.from_prefixed_env("BESIDE")
    app.config |= {
        "SECURITY_WEBAUTHN": True,
        "SECURITY_WAN_ALLOW_AS_FIRST_FACTOR": True,
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_SAMESITE": "strict",
        "REMEMBER_COOKIE_SAMESITE": "strict",
    }
    # As behind any proxy that ends TLS: it asks the request for its origin and its address.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    db.init_app(app)
    Security(app, SQLAlchemyUserDatastore(db, User, Role, WebAuthn))
    app.add_url_rule("/account", view_func=account)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _write_ahead)
    return app


@auth_required("session")  # type: ignore[untyped-decorator]
def account() -> ResponseReturnValue:
    """The protected page."""
    return jsonify(name=current_user.username)


def _write_ahead(connection: Any, _record: object) -> None:
    """As Unlatch does, and without it readers wait for writers. The other pragmas of Unlatch are
    SQLite's defaults or cost time.
    """
    connection.execute("PRAGMA journal_mode=wal")
