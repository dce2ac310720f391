"""The docs say what the code does: settings, addresses, refusals, links, and the examples."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from unlatch import Unlatch, settings
from unlatch.errors import SettingsError
from unlatch.flask.words import REASONS

ROOT = Path(__file__).parent.parent
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CHANGES.md", *DOCS]

LINK = re.compile(r'\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"')
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str = "python") -> list[str]:
    return [text for kind, text in FENCE.findall(read(name)) if kind == language]


def first_cells(name: str, pattern: str) -> set[str]:
    """What stands in backticks in the first column of a page's tables."""
    return set(re.findall(rf"^\| `({pattern})` \|", read(name), re.MULTILINE))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one).strip().lower().replace(" ", "-") for one in headings}


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_setting_is_in_the_docs_and_no_other():
    assert first_cells("docs/settings.md", "UNLATCH_[A-Z_]+") == settings._KNOWN


def test_no_key_that_stands_anywhere_in_the_docs_is_taken():
    """Whoever reads them has it."""
    shown = [*PAGES, ROOT / ".env.example", *(ROOT / "examples").rglob("*.py")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in shown)
    keys = re.findall(r"""SECRET_KEYS?["']?[\])]*\s*[:=]\s*["']?([^"'\s`][^"'\n`]*)""", text)

    assert "change-me" in keys
    assert "for tests only" in keys
    for key in keys:
        with pytest.raises(SettingsError) as refused:
            settings.Settings.read({"SECRET_KEY": key.partition("#")[0]}, development=False)
        assert any("or a placeholder" in fault for fault in refused.value.faults), key


def test_every_address_is_in_the_docs_and_no_other(tmp_path):
    app = Flask("host", instance_path=str(tmp_path))
    app.testing = True
    Unlatch(app)
    served = {
        f"{method} {re.sub('<[^>]+>', '<id>', rule.rule.removeprefix('/auth'))}"
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("unlatch.") and rule.endpoint != "unlatch.unknown"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert first_cells("docs/addresses.md", "(?:GET|POST|PATCH|DELETE) [^`]+") == served


def test_every_refusal_is_in_the_docs_with_its_status():
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", read("docs/addresses.md"), re.MULTILINE)

    assert {reason: int(status) for reason, status in rows} == {
        reason: said.status for reason, said in REASONS.items()
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = ["".join(found) for found in LINK.findall(prose)]
    for target in (one for one in targets if "://" not in one):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def threats() -> list[tuple[str, list[str], list[str]]]:
    """The rows of the security page: a threat, what stops it, what shows that it does."""
    rows = re.findall(r"^\| (.+) \| (.+) \| (.+) \|$", read("docs/security.md"), re.MULTILINE)
    return [
        (threat, re.findall("`([^`]+)`", stopped), re.findall("`([^`]+)`", shown))
        for threat, stopped, shown in rows
        if threat != "Threat"
    ]


def is_there(name: str, folder: str) -> bool:
    """Whether there is such a file, below `folder` or the project; or such a target of make."""
    if name.startswith("make "):
        return f"\n{name.removeprefix('make ')}:" in read("Makefile")
    from_root = name.startswith(("tests/", "frontend/", "deploy/"))
    return (ROOT / ("" if from_root else folder) / name).exists()


def test_every_threat_names_files_and_tests_that_are_there():
    rows = threats()

    assert len(rows) > 60
    for threat, stopped, shown in rows:
        assert stopped, threat
        assert shown, threat
        assert [one for one in stopped if not is_there(one, "src/unlatch")] == [], threat
        assert [one for one in shown if not is_there(one, "tests/attacks")] == [], threat


def test_every_attack_is_among_the_threats():
    named = {name for _, _, shown in threats() for name in shown}
    attacks = {file.name for file in (ROOT / "tests/attacks").glob("test_*.py")}

    assert attacks - named == set()


def test_every_page_of_the_docs_is_linked_from_the_readme():
    readme = read("README.md")

    assert [page.name for page in DOCS if f"docs/{page.name}" not in readme] == []


def test_the_apps_of_readme_and_example_are_the_same():
    example = read("examples/own_app/app.py")  # with the blank lines that ruff wants

    assert [*filter(None, example.split("\n"))] == [
        *filter(None, blocks("README.md")[0].split("\n"))
    ]


@pytest.mark.slow
def test_the_ten_lines_run_as_written(tmp_path):
    (tmp_path / "app.py").write_text(blocks("README.md")[0])
    # `flask run` knows development by itself; a client in its place has to say so.
    script = (
        "import os; os.environ['UNLATCH_DEVELOPMENT'] = '1'\n"
        "from app import app\n"
        "answer = app.test_client().get('/')\n"
        "print(answer.status_code, answer.location)\n"
    )

    ran = run(tmp_path, "-c", script)

    assert ran.stdout == "303 /auth/sign-in?next=/\n", ran.stderr


@pytest.mark.slow
def test_the_policy_in_the_docs_is_one(tmp_path):
    """And asks for what it says, beside what the rules ask for."""
    [text] = [one for one in blocks("docs/extending.md") if "(Policy)" in one]
    (tmp_path / "app.py").write_text(text)
    script = (
        "import os; os.environ['UNLATCH_DEVELOPMENT'] = '1'\n"
        "from app import app\n"
        "policy = app.extensions['unlatch'].policy\n"
        "account = type('Account', (), {'username': 'root'})\n"
        "print(policy.to_add_passkey(account), policy.to_remove_passkey(account))\n"
    )

    ran = run(tmp_path, "-c", script)

    assert ran.stdout == (
        "Demand(max_age=300, by_passkey=True) Demand(max_age=60, by_passkey=True)\n"
    ), ran.stderr


@pytest.mark.slow
def test_flask_routes_leaves_no_trace(tmp_path):
    (tmp_path / "app.py").write_text(blocks("README.md")[0])

    ran = run(tmp_path, "-B", "-m", "flask", "routes")

    assert "unlatch.sign_in" in ran.stdout, ran.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["app.py"]


@pytest.mark.slow
def test_the_tests_in_the_docs_pass(tmp_path):
    app, tests = blocks("docs/testing.md")
    (tmp_path / "notes.py").write_text(app)
    (tmp_path / "test_notes.py").write_text(tests)

    ran = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_notes.py")

    assert "3 passed" in ran.stdout, ran.stdout + ran.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_the_docs_is_python(page):
    for text in blocks(str(page.relative_to(ROOT))):
        compile(text, page.name, "exec")
