"""What an app serves to everybody: no place for a database, nor for a copy of one."""

from pathlib import Path

from flask import Flask


def folder_served(app: Flask, path: Path) -> str | None:
    """The static folder that a path lies in, of the app or of one of its blueprints."""
    folders = [part.static_folder for part in (app, *app.blueprints.values())]
    whole = path.absolute().resolve()
    return next((one for one in folders if one and whole.is_relative_to(Path(one).resolve())), None)
