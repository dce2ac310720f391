"""Somebody's own app with Unlatch in it, and two pages: one knows who asks, the other does not
look.
"""

import os

from flask import Flask

from unlatch import Unlatch, current_account, sign_in_required

KNOWING, PLAIN = "/knowing", "/plain"
GREETING = "Hello mira.okafor0 of Tests"
"""What both say to the first of `scaling_site.people`."""


def create_app() -> Flask:
    """The settings are in the environment."""
    app = Flask(__name__)
    app.config.update(
        (name, value) for name, value in os.environ.items() if name.startswith("UNLATCH_")
    )
    Unlatch(app)
    app.add_url_rule(KNOWING, view_func=knowing)
    app.add_url_rule(PLAIN, view_func=plain)
    return app


@sign_in_required
def knowing() -> str:
    """As in the README."""
    return f"Hello {current_account.name}"


def plain() -> str:
    """The same page but for that."""
    return GREETING
