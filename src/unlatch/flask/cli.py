"""The commands: `flask unlatch …` in a host's app, `unlatch …` on the ready server."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ParamSpec, TypeVar

import click
from flask import current_app
from flask.cli import with_appcontext

from unlatch.database_url import MEMORY, place_of
from unlatch.errors import SettingsError, UnlatchError
from unlatch.flask.served import folder_served
from unlatch.flask.state import DATABASE_FILE, State, now, state
from unlatch.settings import Settings
from unlatch.stores import open_database, open_stores

if TYPE_CHECKING:
    from unlatch.stores.sql.database import Database
    from unlatch.stores.sql.schema import State as Schema

P = ParamSpec("P")
R = TypeVar("R")

_FITS = "The database fits this version of Unlatch."
# By what `stores.sql.schema.State` calls it: its module would bring SQLAlchemy before its time.
_MISFITS = {
    "empty": "The database is empty: `{upgrade}` makes its tables.",
    "behind": "The database is behind this version of Unlatch: `{upgrade}` brings it up.",
    "ahead": (
        "A newer Unlatch has upgraded this database: run that version again, or restore a copy "
        "from before its upgrade."
    ),
}

_ENDS_ALL = (
    "This signs everybody out, and voids every sign-in under way and every mail asked for. Go on?"
)
_ALL_ENDED = """\
Sessions ended: {sessions}. Mails voided: {mails}.
Sign-ins and additions of passkeys that were under way have to begin again.
Passkeys that were removed and accounts that were disabled since the copy was made are back:
see to them by hand."""


class Told(click.ClickException):
    """Ends a command with sentences on standard error and exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.format_message(), file=file or sys.stderr)


@click.group("unlatch")
def commands() -> None:
    """Passwordless sign-in."""


@commands.group()
def db() -> None:
    """See to the database."""


def _command(command: Callable[P, R]) -> Callable[P, R]:
    """In the app's context, and with our errors told as sentences."""

    in_context = with_appcontext(command)

    @wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return in_context(*args, **kwargs)
        except UnlatchError as error:
            raise Told(str(error)) from error

    return told


@db.command()
@_command
def check() -> None:
    """Say whether the database fits this version.

    Exit code 0 if it does; 1 if it is empty, behind, ahead or away.
    """
    with _database() as database:
        found = database.check()
    if not found.serves:
        raise Told(_misfit(found))
    click.echo(_with_its_place(_FITS))


@db.command()
@_command
def upgrade() -> None:
    """Bring the database to this version, keeping a copy from before."""
    with _database() as database:
        if (before := database.check()).serves:
            click.echo(
                _with_its_place(
                    "There is nothing to do: the database fits this version of Unlatch."
                )
            )
            return
        with _seconds_counted("Upgrading the database"):
            database.upgrade()
        after = database.check()
    if not after.serves:
        raise Told(_misfit(after))
    done = "The tables are made." if before.value == "empty" else "The database is upgraded."
    click.echo(_with_its_place(done))


@db.command()
@click.argument("file", type=click.Path(path_type=Path))
@_command
def backup(file: Path) -> None:
    """Copy the database into FILE while it is in use.

    FILE must not exist; only its owner can read it.
    """
    if served := folder_served(current_app, file):
        raise Told(f"{file} is in {served}, which the app serves to everybody: name another place.")
    if file.exists():
        raise Told(f"{file} exists already, and a copy never replaces anything: name another file.")
    with _database() as database, _seconds_counted("Copying the database"):
        database.backup(file)
    click.echo(f"The database is copied to {file}.")


@db.command("after-restore")
@click.option("--yes", is_flag=True, help="Do not ask before.")
@_command
def after_restore(yes: bool) -> None:
    """Void what a copy brought back: sessions, sign-ins under way, mails.

    A copy knows nothing of what happened since it was made. Run this when it is in the
    database's place, before the site is opened again.
    """
    from unlatch.core import restoring  # not for every command of a host

    with _database() as database:
        found = database.check()
    if not found.serves:
        raise Told(_misfit(found))
    if not yes and sys.stdin.isatty():
        click.confirm(_ENDS_ALL, abort=True)
    settings = _settings()
    with closing(
        open_stores(_url(settings), pooler=settings.database_pooler, patient=True)
    ) as stores:
        voided = restoring.after_restore(stores, now=now())
    click.echo(_ALL_ENDED.format(sessions=voided.sessions, mails=voided.mails))


@commands.command()
@_command
def worker() -> None:
    """Send mail, and sweep away what is over, until told to end.

    For sites whose own processes do not: UNLATCH_MAIL_WORKER=external.
    """
    send(state())


def send(site: State) -> None:
    """What `worker` does. Gives back when it was told to end.

    Raises:
        SettingsError: There is nothing to send for other processes.
        CannotSend: There is no room for the thread that sends.
    """
    from unlatch.flask.sender.alone import send_until_told

    if site.settings.database_url == MEMORY:
        raise SettingsError(
            ["UNLATCH_DATABASE_URL is memory:, which no other process sees; name a file."]
        )
    click.echo(f"Unlatch sends the mail of {site.settings.site_name}.\nCtrl-C ends it.")
    send_until_told(site.sender)


def _database() -> "closing[Database]":
    settings = _settings()
    return closing(
        open_database(
            _url(settings),
            upgrade_itself=settings.database_url is None,
            pooler=settings.database_pooler,
            patient=True,
        )
    )


def _url(settings: Settings) -> str:
    return settings.database_url or f"sqlite:///{state().folder / DATABASE_FILE}"


def _settings() -> Settings:
    # Of the settings these commands need the database alone: they run on machines that do not
    # serve, so what is missing otherwise is no fault here.
    return Settings.read(current_app.config, development=True)


def _misfit(found: "Schema") -> str:
    context = click.get_current_context()
    beside = context.parent.command_path if context.parent else ""
    return _with_its_place(_MISFITS[found.value].format(upgrade=f"{beside} upgrade"))


def _with_its_place(words: str) -> str:
    """And where the database is that they are about: by default that depends on the folder that the
    command is run in, and whoever is in another one would make a second.
    """
    return f"{words}\nIt is {place_of(_url(_settings()))}."


@contextmanager
def _seconds_counted(words: str) -> Iterator[None]:
    """On a terminal, a line that counts the seconds of what takes longer than one."""
    if not sys.stderr.isatty():
        yield
        return
    over = threading.Event()
    counter = threading.Thread(target=_count_seconds, args=(words, over), daemon=True)
    counter.start()
    try:
        yield
    finally:
        over.set()
        counter.join()


def _count_seconds(words: str, over: threading.Event) -> None:
    began = time.monotonic()
    while not over.wait(1):
        click.echo(f"\r{words} … {time.monotonic() - began:.0f} s", nl=False, err=True)
    if time.monotonic() - began >= 1:
        click.echo(err=True)
