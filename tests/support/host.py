"""A host's app with Unlatch on it, and what makes one quick to test."""

import threading
from pathlib import Path

from argon2 import PasswordHasher
from flask import Flask, copy_current_request_context

from unlatch import Policy, Unlatch, current_account, fresh_sign_in_required, sign_in_required

DATABASE = "unlatch.sqlite"

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""For `slow_hash._HASHER`: how slow it is in earnest is a test of its own."""


def make_app(folder: Path, policy: Policy | None = None, /, **config: object) -> Flask:
    """The host's app: a page for everybody, one for the signed in, one for the confirmed, one
    for the freshly proved; and one that looks who is there in a thread of its own first.
    """
    app = Flask("host", instance_path=str(folder), root_path=str(folder))
    app.config.update({"TESTING": True, "UNLATCH_SITE_NAME": "Acme Notes"} | config)
    Unlatch(app, policy=policy)
    add_pages(app)
    return app


def add_pages(app: Flask) -> None:
    @app.get("/")
    def home() -> str:
        return f"Hello {current_account.name}" if current_account else "Hello stranger"

    @app.route("/notes", methods=["GET", "POST"])
    @sign_in_required
    def notes() -> str:
        return f"Notes of {current_account.username}"

    @app.get("/notes/<path:title>")
    @sign_in_required
    def note(title: str) -> str:
        return title

    @app.get("/members")
    @sign_in_required(confirmed=True)
    def members() -> str:
        return f"Mail of {current_account.email}"

    @app.route("/vault", methods=["GET", "POST"])
    @fresh_sign_in_required(max_age=60)
    def vault() -> str:
        return f"Vault of {current_account.name}"

    @app.get("/elsewhere")
    def elsewhere() -> str:
        names: list[str] = []
        look = copy_current_request_context(lambda: names.append(current_account.name))
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        return f"Hello {names[0]}, {current_account.name}"
