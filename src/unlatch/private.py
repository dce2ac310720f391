"""Folders and files that are their owner's alone, whatever the umask lets through."""

import os
from contextlib import suppress
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, 0700. Several may do so at once.

    One that is there already keeps its mode: somebody chose it. (`Path.mkdir` would make the
    missing ones above as wide as the umask lets it, and who may write there may put another
    file in the place of ours.)
    """
    for one in (*reversed(folder.parents), folder):
        one.mkdir(mode=0o700, exist_ok=True)


def make_file(path: Path) -> None:
    """Make an empty file, 0600.

    Raises:
        FileExistsError: It is there already, and stays as it is. (To open and close one that
            SQLite has open in this process would drop its locks.)
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def shut(path: Path) -> None:
    """Take from everybody but the owner what a file or folder of ours lets them do."""
    mode = path.stat().st_mode
    if mode & 0o077:
        with suppress(PermissionError):  # somebody else's, or a disk that knows no modes
            path.chmod(mode & 0o700)
