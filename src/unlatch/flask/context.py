"""What every page of ours is given."""

from flask import request, url_for

from unlatch.flask.assets import ASSETS
from unlatch.flask.memory import memory
from unlatch.flask.state import state


def page_context() -> dict[str, object]:
    """Nothing here asks the database, so that the page for when it is away can be shown."""
    settings = state().settings
    live = memory().live
    return {
        "site_name": settings.site_name,
        "base_template": settings.base_template,
        "assets": {kind: url_for("unlatch.static", filename=ASSETS[kind]) for kind in ASSETS},
        "signed_in": live.account if live else None,
        "registration_open": settings.registration_open,
        "development": settings.development and settings.mail is None,
        "minutes": -(-settings.mail_seconds // 60),
        "request_path": request.script_root + request.path,
        "next": "",
        "errors": {},
        "trouble": None,
    }
