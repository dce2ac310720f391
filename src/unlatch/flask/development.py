"""Development: known, never assumed; and the keys that make it need no settings."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

import click
from flask import Flask
from flask.helpers import get_debug_flag

from unlatch import private

_KEYS_FILE = "unlatch-keys"
_YES = ("1", "true", "yes", "on")
_NO = ("0", "false", "no", "off")


def is_development(app: Flask) -> bool:
    """Whether somebody said so: debug or testing mode, `flask run`, or `UNLATCH_DEVELOPMENT=1`;
    `UNLATCH_DEVELOPMENT=0` outweighs them all.

    Nothing about a request decides it: a stranger chooses what a request looks like.
    """
    said = app.config.get("UNLATCH_DEVELOPMENT", os.environ.get("UNLATCH_DEVELOPMENT", ""))
    word = str(said).lower()
    if word in _YES or word in _NO:
        return word in _YES
    return app.testing or _command() == "run" or (app.debug and not _is_left_over())


def _is_left_over() -> bool:
    """Whether debug mode is no more than a `FLASK_DEBUG` in the environment of something that is
    no `flask` command: there it gets from a developer's machine into an image or a service file
    and is forgotten, and a server would start with it and without settings.
    """
    return get_debug_flag() and _command() is None


def is_other_command() -> bool:
    """Whether a `flask` command other than `run` loads the app: it lists routes or migrates the
    host's tables, and must not be kept from it by settings that only serving needs.
    """
    return _command() not in (None, "run")


def kept_keys(folder: Path) -> tuple[bytes, ...]:
    """The keys of development, made once and kept in a file that only its owner reads."""
    path = folder / _KEYS_FILE
    if not path.exists():
        private.make_folder(folder)
        _make_once(path, secrets.token_urlsafe(48).encode())
    return (path.read_bytes(),)


def _make_once(path: Path, content: bytes) -> None:
    """Of several processes that start at once, one makes the file, and none sees half of it."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-")  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()


def _command() -> str | None:
    """The name of the `flask` command that is running, or None where none is."""
    if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
        return None
    context = click.get_current_context(silent=True)
    return context.info_name if context is not None else None
