"""Find the browser for the tests, installing one if there is none.

Prints the path of its executable, or an empty line for the one that Playwright
installed and finds by itself. With `--no-install` it only looks.
"""

import os
import re
import shutil
import subprocess
import sys

ON_PATH = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

OLDEST = 156
"""The first Chromium whose virtual device makes post-quantum passkeys."""

# Debian's package starts faster than a full Chromium and behaves the same.
DEBIAN_PACKAGE = "chromium-headless-shell"
PLAYWRIGHT_INSTALL = ("-m", "playwright", "install", "--only-shell", "chromium")


class NoBrowser(Exception):
    """None found; the text says what to do."""


def main() -> None:
    may_install = "--no-install" not in sys.argv[1:]
    try:
        print(find() if not may_install else find_or_install())
    except NoBrowser as trouble:
        sys.exit(str(trouble))


def find_or_install() -> str:
    try:
        return find()
    except NoBrowser:
        install()
        return find()


def find() -> str:
    """The executable's path, or "" for Playwright's own."""
    if named := os.environ.get("E2E_CHROMIUM"):
        if shutil.which(named) is None:
            raise NoBrowser(
                f"E2E_CHROMIUM names {named}, which is not a program: correct or unset it."
            )
        return named
    for path in filter(None, map(shutil.which, ON_PATH)):
        if major_version(path) >= OLDEST:
            return path
    if playwrights_own_starts():
        return ""
    raise NoBrowser(
        f"The tests need Chromium {OLDEST} or newer: run "
        f'"sudo apt-get install {DEBIAN_PACKAGE}" on Debian, else '
        f'"{sys.executable} {" ".join(PLAYWRIGHT_INSTALL)} --with-deps", then make again.'
    )


def major_version(path: str) -> int:
    """Like 156; 0 for a program that does not say."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)\.\d", said)
    return int(found[1]) if found else 0


def playwrights_own_starts() -> bool:
    """Try it: the file may be there and a library that it needs may not."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            playwright.chromium.launch(args=["--no-sandbox"]).close()
        except Error:
            return False
    return True


def install() -> None:
    """Whether it worked is for `find` to see."""
    is_root = os.geteuid() == 0
    if is_root and shutil.which("apt-get"):
        tell(f"Installing {DEBIAN_PACKAGE} …")
        apt_install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", DEBIAN_PACKAGE]
        # The lists at hand may know none, or only one that is too old.
        if run(["apt-get", "update", "-qq"]) and run(apt_install):
            return
    tell("Installing Playwright's Chromium …")
    with_libraries = ["--with-deps"] if is_root else []  # which would ask for a password
    run(
        [sys.executable, "-m", "playwright", "install", *with_libraries, "--only-shell", "chromium"]
    )


def run(command: list[str]) -> bool:
    quiet = subprocess.run(
        command,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return quiet.returncode == 0


def tell(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
