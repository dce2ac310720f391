"""Flask's own session: it carries what `flash` says across a redirect, and nothing of ours."""

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface


class _Toasts(SecureCookieSessionInterface):
    """Takes nothing apart where nothing was sent: Flask's way to find that out was a twentieth of a
    sign-in's instructions (`make bench-weight ARGS="--only instructions"`).
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.environ.get("HTTP_COOKIE", ""):
            return self.session_class()
        return super().open_session(app, request)


def carry_toasts(app: Flask) -> None:
    """In a cookie that goes where ours go."""
    app.session_interface = _Toasts()
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    if app.extensions["unlatch"].settings.is_https:
        app.config["SESSION_COOKIE_SECURE"] = True
        app.config["SESSION_COOKIE_NAME"] = "__Host-unlatch-toasts"
