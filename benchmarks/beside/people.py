"""Makes the tables of `app.py`, and the people in them: a JSON list on standard input, with for
each a name, a handle, and in base64 a passkey's id and public key.
"""

import json
import sys
from base64 import b64decode

from beside.app import create_app, db
from flask import Flask
from flask_security import SQLAlchemyUserDatastore


def settle(app: Flask, people: list[dict[str, str]]) -> None:
    """By the calls that its own views make."""
    with app.app_context():
        db.create_all()
        datastore: SQLAlchemyUserDatastore = app.extensions["security"].datastore
        for one in people:
            user = datastore.create_user(
                email=f"{one['name']}@unlatch.example",
                username=one["name"],
                fs_webauthn_user_handle=one["handle"],
            )
            datastore.create_webauthn(
                user,
                credential_id=b64decode(one["id"]),
                public_key=b64decode(one["public_key"]),
                name="a passkey",
                sign_count=0,
                usage="first",
                device_type="multi_device",
                backup_state=True,
                transports=["internal"],
            )
        datastore.commit()


if __name__ == "__main__":
    settle(create_app(), json.load(sys.stdin))
