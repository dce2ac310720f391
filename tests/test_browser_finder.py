"""`make test` on machines without a browser, played by a PATH of stand-ins."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts/browser.py"
CHROMIUM = "#!/bin/sh\necho 'Chromium {version}.0.1.2'\n"
APT = '#!/bin/sh\ncase "$*" in install*) cp {chromium} {bin}/chromium-headless-shell ;; esac\n'

pytestmark = pytest.mark.slow


@pytest.fixture
def machine(tmp_path):
    """`machine(…)` runs it where only what is in `tmp_path/bin` is found, and where nothing can be
    downloaded.
    """
    (tmp_path / "bin").mkdir()

    def run(*options, **settings):
        nowhere = {
            "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "none"),
            "PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:1",
        }
        return subprocess.run(
            [sys.executable, SCRIPT, *options],
            env={"PATH": f"{tmp_path}/bin"} | nowhere | settings,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


def sentence(ended):
    assert (ended.returncode, ended.stdout) == (1, "")
    told = [one for one in ended.stderr.splitlines() if not one.startswith("Installing ")]
    (said,) = told
    return said


def test_one_that_is_there_is_taken(machine, tmp_path):
    there = program(tmp_path / "bin/chromium", CHROMIUM.format(version=156))

    assert machine().stdout == f"{there}\n"


@pytest.mark.parametrize("version", [None, 155], ids=["none", "one that is too old"])
def test_where_there_is_none_and_none_can_be_had_the_command_is_told(machine, tmp_path, version):
    if version:
        program(tmp_path / "bin/chromium", CHROMIUM.format(version=version))

    said = sentence(machine())

    assert said.startswith("The tests need Chromium 156 or newer: run ")
    assert '"sudo apt-get install chromium-headless-shell"' in said
    assert '-m playwright install --only-shell chromium --with-deps", then make again.' in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs by apt")
def test_root_installs_it_by_apt(machine, tmp_path):
    kept = program(tmp_path / "chromium", CHROMIUM.format(version=156))
    for tool in ("sh", "cp"):
        (tmp_path / "bin" / tool).symlink_to(f"/bin/{tool}")
    program(tmp_path / "bin/apt-get", APT.format(chromium=kept, bin=tmp_path / "bin"))

    ended = machine()

    assert ended.stdout == f"{tmp_path}/bin/chromium-headless-shell\n"
    assert ended.stderr == "Installing chromium-headless-shell …\n"


def test_a_named_one_that_is_not_there_is_told(machine):
    assert sentence(machine(E2E_CHROMIUM="/nowhere/chromium")) == (
        "E2E_CHROMIUM names /nowhere/chromium, which is not a program: correct or unset it."
    )
