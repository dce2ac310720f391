"""What a database says is wrong, in one line, and what an operator can do about it."""

_PERCENT = "in a password @ / ? # : % are percent-encoded, like %40 for @."

_CURES = {
    "unsupported startup parameter": "A pooler stands in front of PostgreSQL: set "
    "UNLATCH_DATABASE_POOLER=transaction.",
    "password authentication failed": "See to the role and the password in UNLATCH_DATABASE_URL; "
    + _PERCENT,
    'role "': "See to the role in UNLATCH_DATABASE_URL.",
    'database "': "Make it with `createdb --template=template0 --encoding=UTF8`, or see to its "
    "name in UNLATCH_DATABASE_URL.",
    "failed to resolve host": f"See to the host in UNLATCH_DATABASE_URL; {_PERCENT}",
    "Connection refused": "See whether PostgreSQL runs where UNLATCH_DATABASE_URL says.",
    "permission denied for schema": "Let the role of UNLATCH_DATABASE_URL own the database.",
    "SQL_ASCII": "Make it anew with `createdb --template=template0 --encoding=UTF8`.",
    "lock timeout": "Somebody holds what this needs: end that, and try again.",
    "file is not a database": "Put a copy back in its place, or name another file in "
    "UNLATCH_DATABASE_URL.",
}
"""By words of libpq's, PostgreSQL's and SQLite's, whose errors in connecting have no codes."""


def told(error: BaseException) -> str:
    """Sentences. The rest of what the driver says, after the first line, may quote a statement."""
    text = str(error.args[0]) if error.args else ""
    said = next(iter(text.strip().splitlines()), type(error).__name__)
    cure = next((cure for words, cure in _CURES.items() if words in text), "")
    return f"{said.rstrip('.')}. {cure}".rstrip()
