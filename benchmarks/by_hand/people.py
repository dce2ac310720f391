"""Makes the tables of `app.py`, and the people in them: a JSON list on standard input, with for
each a name, a handle, and in base64 a passkey's id and public key.
"""

import json
import os
import sys
from base64 import b64decode

from by_hand.database import connect
from webauthn.helpers import bytes_to_base64url

TABLES = """
    CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, handle TEXT NOT NULL);
    CREATE TABLE passkeys (
      id TEXT PRIMARY KEY, person INTEGER NOT NULL REFERENCES people, public_key BLOB NOT NULL,
      counter INTEGER NOT NULL, backed_up INTEGER NOT NULL, used_at INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE sessions (
      token_hash BLOB PRIMARY KEY, person INTEGER NOT NULL REFERENCES people,
      expires_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE answered (challenge BLOB PRIMARY KEY) WITHOUT ROWID;
"""


def settle(file: str, people: list[dict[str, str]]) -> None:
    database = connect(file)
    database.executescript(TABLES)
    with database:
        database.execute("BEGIN")
        for number, one in enumerate(people, 1):
            database.execute(
                "INSERT INTO people VALUES (?, ?, ?)", [number, one["name"], one["handle"]]
            )
            passkey = bytes_to_base64url(b64decode(one["id"]))
            database.execute(
                "INSERT INTO passkeys VALUES (?, ?, ?, 0, 1, NULL)",
                [passkey, number, b64decode(one["public_key"])],
            )
    database.close()


if __name__ == "__main__":
    settle(os.environ["BESIDE_DATABASE"], json.load(sys.stdin))
