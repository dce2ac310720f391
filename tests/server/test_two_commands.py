"""`make serve` on machines of every sort, played by a PATH of stand-ins."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TOOLS = ("cat", "chmod", "cmp", "cp", "dirname", "head", "mkdir", "sh", "sort", "touch")

# Answers what the scripts ask of a Python, and keeps a log of what they have it install.
PYTHON = """#!/bin/sh
case "$*" in
    *'version_info[:2]'*) echo {version} ;;
    *'import ensurepip, venv'*) [ -e "{modules}" ] ;;
    '-m venv --clear .venv') mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    *'pip install'*--require-hashes*) echo "$*" >>pip.log; {pip} ;;
    *'pip install'*--editable*)
        echo '#!/bin/sh' >.venv/bin/unlatch
        echo 'echo "Unlatch was told: $*"' >>.venv/bin/unlatch
        chmod +x .venv/bin/unlatch ;;
esac
"""
SHIM = """#!/bin/sh
echo "pyenv: $0: command not found" >&2
exit 127
"""
APT = """#!/bin/sh
case "$*" in *install*'{package}') touch "{modules}" ;; esac
"""


class Machine:
    """A checkout of Unlatch, and a PATH on which only what a test puts there is found."""

    def __init__(self, folder: Path):
        self.checkout = folder / "unlatch"
        for part in ("scripts", "requirements"):
            shutil.copytree(ROOT / part, self.checkout / part)
        for part in ("Makefile", "pyproject.toml"):
            shutil.copy(ROOT / part, self.checkout)
        self.bin = folder / "bin"
        self.bin.mkdir()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(str(shutil.which(tool)))
        self.modules = folder / "has-venv-modules"
        self.modules.touch()
        self.is_administered_by("nobody")

    def has(self, name: str, program: str, **facts: object) -> None:
        path = self.bin / name
        path.write_text(program.format(**facts) if facts else program)
        path.chmod(0o755)

    def has_python(self, name: str, version: str, *, pip: str = "true") -> None:
        self.has(name, PYTHON, version=version, modules=self.modules, pip=pip)

    def lacks_venv_modules(self) -> None:
        self.modules.unlink()

    def is_administered_by(self, user: str) -> None:
        self.has("id", f"#!/bin/sh\necho {0 if user == 'root' else 1000}\n")

    def make(self, *arguments: str, user: int | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(shutil.which("make")), *arguments],
            cwd=self.checkout,
            env={"PATH": str(self.bin)},
            capture_output=True,
            text=True,
            timeout=30,
            user=user,
        )

    def installations(self) -> int:
        log = self.checkout / "pip.log"
        return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture
def machine():
    """In a folder that everybody may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield Machine(folder)


def complaint(made: subprocess.CompletedProcess[str]) -> str:
    """The one sentence that a failed run left on stderr, besides make's own last line."""
    assert made.returncode != 0
    (sentence,) = (line for line in made.stderr.splitlines() if not line.startswith("make:"))
    return sentence


def test_first_start_installs_and_serves(machine):
    machine.has_python("python3", "3.12")

    made = machine.make("serve", "ARGS=--port 8080")

    assert made.returncode == 0, made.stderr
    assert "Making .venv with Python 3.12" in made.stdout
    assert "Installing" in made.stdout
    assert made.stdout.endswith("Unlatch was told: serve --port 8080\n")
    assert made.stderr == ""


def test_second_start_only_serves(machine):
    machine.has_python("python3", "3.12")
    machine.make("serve")

    again = machine.make("serve")

    assert again.stdout == "Unlatch was told: serve\n"
    assert machine.installations() == 1


@pytest.mark.parametrize("changed", ["pyproject.toml", "requirements/serve.txt"])
def test_a_change_in_what_is_needed_installs_again(machine, changed):
    machine.has_python("python3", "3.12")
    machine.make("serve")
    with (machine.checkout / changed).open("a") as file:
        file.write("# changed\n")

    machine.make("serve")

    assert machine.installations() == 2


def test_serving_after_testing_installs_nothing(machine):
    machine.has_python("python3", "3.12")
    machine.make("environment")

    machine.make("serve")

    assert machine.installations() == 1


def test_a_python_that_went_away_is_replaced(machine):
    machine.has_python("python3", "3.12")
    machine.make("serve")
    (machine.checkout / ".venv/bin/python").unlink()

    again = machine.make("serve")

    assert again.stdout.endswith("Unlatch was told: serve\n")
    assert machine.installations() == 2


def test_a_shim_that_only_fails_is_passed_over(machine):
    machine.has("python3.13", SHIM)
    machine.has_python("python3.12", "3.12")
    machine.has_python("python3.11", "3.11")

    assert "with Python 3.12" in machine.make("serve").stdout


@pytest.mark.parametrize("newest", ["python3", "python", "python3.13"])
def test_the_newest_python_is_taken_whatever_it_is_called(machine, newest):
    machine.has_python("python3.9", "3.9")
    machine.has_python("python3.12", "3.12")
    machine.has_python(newest, "3.13")

    assert "with Python 3.13" in machine.make("serve").stdout


def test_a_python_that_is_too_old_is_told(machine):
    machine.has_python("python", "2.7")
    machine.has_python("python3", "3.9")

    assert complaint(machine.make("serve")) == (
        "Unlatch needs Python 3.11 or newer, "
        f"and the newest on PATH is 3.9 ({machine.bin}/python3)."
    )


def test_no_python_at_all_is_told(machine):
    assert complaint(machine.make("serve")) == (
        "Unlatch needs Python 3.11 or newer, and there is none on PATH."
    )


def test_missing_venv_modules_are_installed_by_root(machine):
    machine.has_python("python3", "3.11")
    machine.lacks_venv_modules()
    machine.is_administered_by("root")
    machine.has("apt-get", APT, package="python3.11-venv", modules=machine.modules)

    made = machine.make("serve")

    assert "Installing python3.11-venv" in made.stdout
    assert made.stdout.endswith("Unlatch was told: serve\n")


@pytest.mark.parametrize("user", ["root", "nobody"])
def test_who_cannot_install_venv_modules_is_told_the_command(machine, user):
    machine.has_python("python3", "3.11")
    machine.lacks_venv_modules()
    machine.is_administered_by(user)
    machine.has("apt-get", "#!/bin/sh\nexit 100\n")

    assert complaint(machine.make("serve")) == (
        f"{machine.bin}/python3 cannot make virtual environments: "
        'run "sudo apt-get install python3.11-venv", then make again.'
    )


def test_missing_venv_modules_are_told_where_there_is_no_apt(machine):
    machine.has_python("python3", "3.11")
    machine.lacks_venv_modules()

    assert complaint(machine.make("serve")) == (
        f"{machine.bin}/python3 lacks the modules venv and ensurepip: "
        "install them, then run make again."
    )


def test_a_folder_that_may_not_be_written_to_is_told(machine):
    """As nobody, when the tests run as root, to whom every folder is writable."""
    machine.has_python("python3", "3.12")
    machine.checkout.chmod(0o555)

    made = machine.make("serve", user=65534 if os.geteuid() == 0 else None)

    assert complaint(made) == (
        f"Cannot write to {machine.checkout}/.venv: run make from a folder of your own."
    )


def test_an_installation_that_failed_is_tried_again(machine):
    machine.has_python("python3", "3.12", pip="false")

    assert complaint(machine.make("serve")).startswith("Installing failed")
    assert complaint(machine.make("serve")).startswith("Installing failed")
    assert machine.installations() == 2
