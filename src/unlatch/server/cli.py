"""`unlatch serve`, and beside it the commands that a host's app has as `flask unlatch …`."""

import logging.config
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from unlatch import private
from unlatch.errors import UnlatchError
from unlatch.flask.cli import Told, db, send

if TYPE_CHECKING:
    from flask import Flask

    from unlatch.server.listening import Place

_EXTRA = ("granian", "dotenv", "prometheus_client", "structlog")


@click.group("unlatch")
@click.version_option(package_name="unlatch")
def cli() -> None:
    """Passwordless sign-in, ready to run."""


cli.add_command(db)


@cli.command()
@click.option("--host", default="localhost", help="Address to listen on; by default this machine.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port to listen on; by default the first free one of 5000 to 5009.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    help="Processes that serve; more than one needs PostgreSQL and Redis.",
)
def serve(host: str, port: int | None, workers: int) -> None:
    """Serve the site.

    On this machine's own addresses it is in development and needs no settings; on any other it
    wants those of docs/settings.md, from the environment, .env or unlatch.toml.
    """
    from unlatch.server.app import create_app
    from unlatch.server.listening import find_place
    from unlatch.server.many import check_workers
    from unlatch.server.serving import serve as run

    try:
        place = find_place(host, port)
        config = _config()
        develops = place.is_loopback and not _is_for_everybody(config)
        config.setdefault("UNLATCH_DEVELOPMENT", "1" if develops else "0")
        app = create_app(config)  # each worker makes its own; this one is for the faults
        settings = app.extensions["unlatch"].settings
        check_workers(settings, workers)
        _need_folder(app)
        with _metrics_shown(app, place) as counts:
            run(
                config,
                place,
                lambda: click.echo(_welcome(app, place)),
                workers=workers,
                counts=counts,
                development=settings.development,
            )
    except UnlatchError as error:
        raise Told(str(error)) from error


@cli.command()
def worker() -> None:
    """Send mail, and sweep away what is over, until told to end.

    For sites whose own processes do not: UNLATCH_MAIL_WORKER=external. It wants the settings
    that serving wants.
    """
    from unlatch.server.app import create_app
    from unlatch.server.logs import logs

    try:
        app = create_app(_config())
        _need_folder(app)
        settings = app.extensions["unlatch"].settings
        logging.config.dictConfig(logs(development=settings.development))
        if settings.metrics is not None:
            from unlatch.server.scraping import show_own

            show_own(settings.metrics, app)
        with app.app_context():
            send(app.extensions["unlatch"])
    except UnlatchError as error:
        raise Told(str(error)) from error


def _is_for_everybody(config: Mapping[str, object]) -> bool:
    """An origin that is not this machine, or https: a proxy beside it does the encrypting."""
    from unlatch.settings import Settings

    settings = Settings.read(config, development=True)
    hosts = [urlsplit(origin).hostname or "" for origin in settings.origins]
    return settings.is_https or not all(map(_is_here, hosts))


def _is_here(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")


@contextmanager
def _metrics_shown(app: "Flask", place: "Place") -> Iterator[Path | None]:
    """Give the folder for what workers count, if somebody wants to know."""
    where = app.extensions["unlatch"].settings.metrics
    if where is None:
        yield None
        return
    from unlatch.server.scraping import show_workers
    from unlatch.settings import Address

    with show_workers(where, Address(place.reachable, place.port)) as folder:
        yield folder


def _need_folder(app: "Flask") -> None:
    """See that what is kept can be kept, before somebody is told that all is well."""
    state = app.extensions["unlatch"]
    if state.settings.database_url and not state.settings.development:
        return  # all of it is kept elsewhere
    try:
        private.make_folder(state.folder)
        writable = os.access(state.folder, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        raise Told(f"Cannot write to {state.folder}: start Unlatch in a folder of your own.")


def main() -> None:
    """The console script."""
    from flask.cli import ScriptInfo

    try:
        cli.main(prog_name="unlatch", obj=ScriptInfo(create_app=_app_for_commands))
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise SystemExit(
            "This needs what comes with `pip install '.[server]'` in a checkout of Unlatch."
        ) from error


def _config() -> dict[str, object]:
    from unlatch.server.config import read_config

    return read_config(Path.cwd(), os.environ)


def _app_for_commands() -> "Flask":
    """The site, for commands that look after its database: what only serving needs may be
    missing.
    """
    from unlatch.server.app import create_app

    return create_app(_config() | {"UNLATCH_DEVELOPMENT": "1"})


def _welcome(app: "Flask", place: "Place") -> str:
    settings = app.extensions["unlatch"].settings
    site = settings.origins[0] if settings.origins else _localhost(place.port)
    if settings.development:
        lines = [f"Unlatch is running in development: {site}"]
    else:
        lines = [f"Unlatch serves {site} on {place.address}, port {place.port}."]
    if settings.development and settings.mail is None:
        lines.append(f"Its mails go nowhere but to {site}{settings.url_prefix}/dev/mailbox")
    return "\n".join([*lines, "Ctrl-C ends it."])


def _localhost(port: int) -> str:
    return "http://localhost" if port == 80 else f"http://localhost:{port}"
