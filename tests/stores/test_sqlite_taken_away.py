"""SQLite's file is taken away under a running site, or another is put in its place: nothing is
acknowledged that would be lost, and what is there now is used as soon as it may be.
"""

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from unlatch.core.records import Account
from unlatch.errors import SchemaBehind, StoreError
from unlatch.stores import open_database, open_stores
from unlatch.stores.sql import sqlite, sqlite_file
from unlatch.stores.sql.schema import State
from unlatch.stores.sql.sqlite import SqliteDatabase
from unlatch.stores.sql.stores import SqlStores
from unlatch.testing.store_contract.making import an_account, kept

ADA, BOB, CEM = an_account("Ada"), an_account("Bob"), an_account("Cem")
PAGE = 4096
PATIENCE = 10.0
OPEN_FILES = Path("/proc/self/fd")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "instance" / "unlatch.sqlite3"


@pytest.fixture
def away(path: Path) -> Path:
    return path.with_name("away")


@pytest.fixture
def stores(path: Path) -> Iterator[SqlStores]:
    """In use: Ada is in it, in the log beside the file as yet, and a connection is open."""
    stores = _open(path)
    kept(stores, ADA)
    yield stores
    stores.close()


@pytest.fixture
def link(tmp_path: Path) -> Path:
    return tmp_path / "link"


@pytest.fixture
def by_link(stores: SqlStores, path: Path, link: Path) -> Iterator[SqlStores]:
    """The same site, which comes to its file by a link."""
    link.symlink_to(path)
    by_link = _open(link)
    assert by_link.accounts.find(ADA.id) == ADA
    yield by_link
    by_link.close()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What `unlatch db backup` made when Bob was all there were."""
    return _copy(tmp_path, BOB)


def _open(path: Path, *, upgrade_itself: bool = True) -> SqlStores:
    return cast(SqlStores, open_stores(f"sqlite:///{path}", upgrade_itself=upgrade_itself))


def _copy(folder: Path, whom: Account) -> Path:
    stores = _open(folder / "elsewhere" / "other.sqlite3")
    kept(stores, whom)
    stores.database.backup(folder / "copy")
    stores.close()
    return folder / "copy"


def _beside(path: Path) -> list[Path]:
    return [path.with_name(f"{path.name}-{kind}") for kind in ("wal", "shm")]


def _put_in_place(copy: Path, path: Path) -> None:
    """As docs/server.md says it, but under a running site."""
    for one in _beside(path):
        one.unlink(missing_ok=True)
    copy.replace(path)


def _remove(path: Path) -> None:
    path.unlink()


def _move(path: Path) -> None:
    path.rename(path.with_name("away"))


@pytest.mark.parametrize("take", [_remove, _move])
@pytest.mark.parametrize("upgrade_itself", [True, False])
def test_without_its_file_nothing_is_answered_and_none_is_made(
    path: Path, take: Callable[[Path], None], upgrade_itself: bool
) -> None:
    open_database(f"sqlite:///{path}").upgrade()
    stores = _open(path, upgrade_itself=upgrade_itself)
    kept(stores, ADA)

    take(path)

    for _ in range(2):
        with pytest.raises(StoreError, match=r"unlatch\.sqlite3 is gone"):
            stores.accounts.find(ADA.id)
        with pytest.raises(StoreError, match=r"unlatch\.sqlite3 is gone"):
            kept(stores, CEM)
        with pytest.raises(StoreError, match=r"unlatch\.sqlite3 is gone"):
            stores.database.check()
    assert not path.exists()
    stores.close()


@pytest.mark.parametrize("take", [_remove, _move])
def test_a_process_that_begins_meanwhile_makes_none_beside_the_log(
    stores: SqlStores, path: Path, take: Callable[[Path], None]
) -> None:
    """Which SQLite would take away then, with what Ada was told that it is kept."""
    log = path.with_name(f"{path.name}-wal")
    take(path)
    before = log.read_bytes()
    beginning = open_database(f"sqlite:///{path}", upgrade_itself=True)

    for ask in (beginning.make_ready, beginning.upgrade):
        with pytest.raises(StoreError, match=r"is gone, but .*-wal is there.* before a backup"):
            ask()
    assert not path.exists()
    path.touch()  # a copy that was begun
    with pytest.raises(StoreError, match="nothing to copy"):
        beginning.backup(path.with_name("backup"))

    assert before == log.read_bytes() != b""
    path.unlink()
    for one in _beside(path):
        one.unlink()
    beginning.make_ready()
    beginning.close()


def test_one_that_is_put_back_is_used_again(stores: SqlStores, path: Path, away: Path) -> None:
    """With what was written last, which was in the log that stayed behind."""
    path.rename(away)
    with pytest.raises(StoreError):
        kept(stores, CEM)

    away.rename(path)

    kept(stores, BOB)
    assert stores.accounts.find(ADA.id) == ADA
    assert stores.accounts.find(CEM.id) is None
    stores.close()
    assert _open(path).accounts.find(BOB.id) == BOB


def test_another_in_its_place_is_used_without_a_restart(
    stores: SqlStores, path: Path, copy: Path
) -> None:
    _put_in_place(copy, path)

    assert stores.accounts.find(ADA.id) is None
    assert stores.accounts.find(BOB.id) == BOB
    kept(stores, CEM)
    other = _open(path)
    assert other.accounts.find(CEM.id) == CEM
    other.close()


def test_one_after_the_other(stores: SqlStores, path: Path, tmp_path: Path) -> None:
    """Each is known by its own connections, a copy's too, whose log is made later than it."""
    for whom in (BOB, CEM):
        copy = _copy(tmp_path / whom.username, whom)
        copy.replace(path)
        with pytest.raises(StoreError, match="wal of the one before"):
            stores.accounts.find(whom.id)
        for one in _beside(path):
            one.unlink()
        assert stores.accounts.find(whom.id) == whom


@pytest.mark.parametrize("first", [0, 1])
def test_another_is_not_opened_beside_the_log_of_the_one_before(
    stores: SqlStores, path: Path, copy: Path, first: int
) -> None:
    """SQLite would take it for the new one's, and write the one's pages into the other."""
    put_there = copy.read_bytes()
    copy.replace(path)

    for _ in range(2):
        with pytest.raises(StoreError, match=r"unlatch\.sqlite3-wal"):
            stores.accounts.find(BOB.id)
        with pytest.raises(StoreError, match=r"unlatch\.sqlite3-wal"):
            kept(stores, CEM)
    assert path.read_bytes() == put_there

    beside = _beside(path)
    beside.pop(first).unlink()
    with pytest.raises(StoreError, match=r"unlatch\.sqlite3-wal"):
        stores.accounts.find(BOB.id)
    beside[0].unlink()
    assert stores.accounts.find(BOB.id) == BOB


def test_the_schema_of_another_is_looked_at(path: Path, tmp_path: Path) -> None:
    """An old copy waits for its operator, and nobody writes into it before."""
    open_database(f"sqlite:///{path}").upgrade()
    stores = _open(path, upgrade_itself=False)
    kept(stores, ADA)

    _put_in_place(_old(tmp_path), path)

    with pytest.raises(SchemaBehind):
        stores.accounts.find(ADA.id)
    assert stores.database.check() is State.BEHIND
    open_database(f"sqlite:///{path}").upgrade()
    assert stores.accounts.find(ADA.id) is None
    stores.close()


def test_an_older_copy_of_our_own_file_upgrades_itself(
    stores: SqlStores, path: Path, tmp_path: Path
) -> None:
    old = _old(tmp_path)
    old.chmod(0o666)
    _put_in_place(old, path)

    kept(stores, CEM)

    assert stores.database.check() is State.FITS
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(list(path.with_name(f"{path.name}.backups").iterdir())) == 1


def _old(folder: Path) -> Path:
    old = cast(SqliteDatabase, open_database(f"sqlite:///{folder / 'old.sqlite3'}"))
    old.path.touch()
    sqlite.upgrade(old.engine, "0001")
    old.close()
    return old.path


def test_what_cannot_be_used_is_let_go_of_again(
    stores: SqlStores, path: Path, tmp_path: Path
) -> None:
    """And the first is known with its own log, which was moved with it."""
    moved = [one.rename(tmp_path / one.name) for one in (path, *_beside(path))]
    path.write_text("a letter to my aunt " * 400)
    with pytest.raises(StoreError):
        stores.accounts.find(ADA.id)
    assert [one.name for one in path.parent.glob(f"{path.name}-*")] == []

    for one in moved:
        one.replace(path.with_name(one.name))

    assert stores.accounts.find(ADA.id) == ADA


def test_an_empty_file_is_none_yet(stores: SqlStores, path: Path, away: Path) -> None:
    """It is the first that a copy's name leads to. SQLite would write into it, and take away the
    log beside it, which belongs to the file that went.
    """
    path.rename(away)
    path.touch()

    with pytest.raises(StoreError, match="is gone"):
        kept(stores, CEM)

    assert path.stat().st_size == 0
    away.replace(path)
    assert stores.accounts.find(ADA.id) == ADA


@pytest.mark.parametrize("there", [100, PAGE, 2 * PAGE, -PAGE])
def test_half_a_copy_is_left_alone(stores: SqlStores, path: Path, copy: Path, there: int) -> None:
    """Whoever copies it into its place is not at the end yet."""
    whole = copy.read_bytes()
    half = whole[:there]
    for one in (path, *_beside(path)):
        one.unlink()
    path.write_bytes(half)

    with pytest.raises(StoreError):
        kept(stores, CEM)
    assert path.read_bytes() == half

    with path.open("ab") as rest:
        rest.write(whole[len(half) :])
    assert stores.accounts.find(BOB.id) == BOB


def test_a_connection_that_was_in_use_meanwhile_is_used_no_more(
    stores: SqlStores, path: Path, copy: Path
) -> None:
    """And by its end it takes nothing from the new one."""
    with stores.unit() as unit:
        _put_in_place(copy, path)
        stores.database.make_ready()
        unit.accounts.disable(ADA.id, now=1)

    assert stores.accounts.find(BOB.id) == BOB
    kept(stores, CEM)

    assert _held(path) == []
    assert all(one.exists() for one in _beside(path))
    other = _open(path)
    assert other.accounts.find(CEM.id) == CEM
    other.close()


@contextmanager
def _waiting_to_write(stores: SqlStores) -> Iterator[list[StoreError]]:
    """Within, somebody has seen that all is well, and waits for another's transaction to end."""
    refused: list[StoreError] = []
    asked = threading.Event()
    turn = stores.database._turn_to_write

    def asked_for_turn() -> object:
        asked.set()
        return turn()

    def write() -> None:
        try:
            kept(stores, CEM)
        except StoreError as error:
            refused.append(error)

    waiting = threading.Thread(target=write)
    with stores.unit(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores.database, "_turn_to_write", asked_for_turn)
        waiting.start()
        assert asked.wait(PATIENCE)
        yield refused
    waiting.join(PATIENCE)


def test_who_waited_to_write_does_not_write_into_what_was_taken_away(
    stores: SqlStores, path: Path, away: Path
) -> None:
    with _waiting_to_write(stores) as refused:
        path.rename(away)

    assert "taken away" in str(refused)
    away.rename(path)
    assert stores.accounts.find(CEM.id) is None


def test_who_waited_to_write_does_not_write_into_what_does_not_fit(
    path: Path, tmp_path: Path
) -> None:
    open_database(f"sqlite:///{path}").upgrade()
    stores = _open(path, upgrade_itself=False)
    kept(stores, ADA)

    with _waiting_to_write(stores) as refused:
        _put_in_place(_old(tmp_path), path)
        with pytest.raises(SchemaBehind):
            stores.accounts.find(ADA.id)

    assert "taken away" in str(refused)
    stores.close()


def test_one_that_is_swapped_while_it_is_opened_is_not_taken_for_the_other(
    stores: SqlStores, path: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = sqlite_file.number

    def look_and_swap(one: Path) -> sqlite_file.Number | None:
        found = look(one)
        if copy.exists():
            copy.replace(path)
        return found

    stores.close()
    monkeypatch.setattr(sqlite_file, "number", look_and_swap)

    with pytest.raises(StoreError, match="put in its place"):
        stores.accounts.find(ADA.id)

    assert stores.accounts.find(BOB.id) == BOB


def test_one_that_is_swapped_before_a_connection_is_opened_is_left_alone(
    stores: SqlStores, path: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside it is the log of the one before, as somebody else's connection has it."""
    ready, whole = stores.database.make_ready, copy.read_bytes()

    def ready_and_swap() -> None:
        ready()
        copy.replace(path)

    with stores.unit():
        monkeypatch.setattr(stores.database, "make_ready", ready_and_swap)
        with pytest.raises(StoreError, match="put in its place"):
            stores.accounts.find(BOB.id)

    assert path.read_bytes() == whole


def test_a_link_that_leads_elsewhere_now(
    stores: SqlStores, by_link: SqlStores, link: Path, copy: Path
) -> None:
    """What lies beside is beside where it leads to."""
    link.unlink()
    with pytest.raises(StoreError, match="is gone"):
        by_link.accounts.find(ADA.id)
    link.symlink_to(copy)

    assert by_link.accounts.find(BOB.id) == BOB
    assert stores.accounts.find(ADA.id) == ADA


def test_another_beside_the_log_of_the_one_before_by_a_link(
    by_link: SqlStores, path: Path, copy: Path
) -> None:
    copy.replace(path)

    with pytest.raises(StoreError, match=r"unlatch\.sqlite3-wal"):
        by_link.accounts.find(BOB.id)


def test_a_process_that_goes_into_another_folder_keeps_to_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stores = _open(Path("unlatch.sqlite3"))
    kept(stores, ADA)
    (tmp_path / "elsewhere").mkdir()

    monkeypatch.chdir(tmp_path / "elsewhere")

    assert stores.accounts.find(ADA.id) == ADA
    stores.close()
    assert stores.accounts.find(ADA.id) == ADA
    stores.close()


def test_a_forked_child_knows_which_file_it_was(stores: SqlStores, path: Path) -> None:
    """One that makes a new one, because it has used none, would be worse than none."""
    path.unlink()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            stores.accounts.find(ADA.id)
        except StoreError as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)

    assert b"is gone" in os.read(reader, 1000)
    assert not path.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_what_was_removed_can_be_had_back_from_a_site_that_runs(
    stores: SqlStores, path: Path, tmp_path: Path
) -> None:
    """docs/server.md says how. What was written last is in the log, which is there still."""
    path.unlink()
    with pytest.raises(StoreError, match="is gone"):
        stores.accounts.find(ADA.id)

    log, index = _beside(path)
    shutil.copy(_held(path)[0], tmp_path / "file")
    shutil.copy(log, tmp_path / "log")
    stores.close()
    index.unlink()
    shutil.copy(tmp_path / "log", log)
    shutil.copy(tmp_path / "file", path)

    again = _open(path)
    assert again.accounts.find(ADA.id) == ADA
    again.close()


def test_a_copy_of_the_same_file_is_whole_after_a_new_start(
    stores: SqlStores, path: Path, away: Path
) -> None:
    """Moved to another disk and back, say: to the running site it is another, beside its log."""
    path.rename(away)
    shutil.copy(away, path)
    away.unlink()
    with pytest.raises(StoreError, match=r"If it is a backup, move .* start it again"):
        stores.accounts.find(ADA.id)

    stores.close()

    again = _open(path)
    assert again.accounts.find(ADA.id) == ADA
    again.close()


def _held(path: Path) -> list[Path]:
    """What this process has open of the files that lay there before."""
    gone = f"{path} (deleted)"
    return [one for one in OPEN_FILES.glob("*") if _leads_to(one) == gone]


def _leads_to(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:  # that by which the folder itself was read
        return ""
