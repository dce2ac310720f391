"""What browsers load is what the sources make, and nothing in git points at a registry."""

import hashlib
import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FRONTEND = ROOT / "frontend"
STATIC = ROOT / "src/unlatch/flask/static"


@pytest.fixture
def vendored():
    """The SHA-256 that each vendored file should have, by its name."""
    lines = (FRONTEND / "vendor.sha256").read_text().splitlines()
    return {name: digest for digest, name in map(str.split, lines)}


def test_vendored_files_are_the_packages_own(vendored):
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (STATIC / "vendor").iterdir()
    }

    assert found == vendored


def test_vendored_files_are_of_the_versions_that_the_lock_pins(vendored):
    packages = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]

    scripts = {name for name in vendored if name.endswith(".js")}

    assert scripts == {
        f"htmx-{packages['node_modules/htmx.org']['version']}.min.js",
        "simplewebauthn-browser-"
        f"{packages['node_modules/@simplewebauthn/browser']['version']}.min.js",
    }


def test_rebuilding_changes_no_byte():
    """Script, stylesheet (by Tailwind itself), icon and manifest; nothing stale beside them."""
    check = subprocess.run(
        [sys.executable, FRONTEND / "assets.py", "check"], capture_output=True, text=True
    )

    assert (check.returncode, check.stderr) == (0, "")


def test_the_script_holds_the_vendored_ones_unchanged(vendored):
    script = (STATIC / json.loads((STATIC / "manifest.json").read_text())["script"]).read_text()

    for name in vendored:
        if name.endswith(".js"):
            assert (STATIC / "vendor" / name).read_text().strip() in script


@pytest.mark.parametrize(
    ("source", "served"),
    [
        ("// one\nlet a;\n\n  // two\nlet b;\n", "let a;\nlet b;\n"),
        ("/** Says\n * more. */\nlet a;\n", "let a;\n"),
        ('let a = "//"; // beside\n', 'let a = "//"; // beside\n'),
        ("/* before */ let a;\n/* whole */\n", "/* before */ let a;\n"),
        ("/* a */ let b; /* c */\n", "/* a */ let b; /* c */\n"),
    ],
)
def test_only_whole_lines_of_comment_are_left_out(source, served):
    without_comments = runpy.run_path(str(FRONTEND / "assets.py"))["without_comments"]

    assert without_comments(source) == served


def test_no_file_names_the_host_of_a_package_registry():
    """Who mirrors the registries installs from the mirror, by nothing but their own settings."""
    hosts = ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com")
    patterns = [argument for host in hosts for argument in ("-e", host)]

    found = subprocess.run(
        ["git", "grep", "--cached", "--fixed-strings", "--name-only", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert (found.returncode, found.stdout) == (1, "")
