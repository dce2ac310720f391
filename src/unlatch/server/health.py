"""Alive and ready, for whatever watches over the process. No Host check, no session."""

import logging
from contextlib import suppress

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from unlatch.errors import StoreError

log = logging.getLogger("unlatch")

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """200 as long as the process answers at all."""
    return jsonify(alive=True)


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 if the database answers and its tables are those of this version, else 503."""
    found = _database()
    return jsonify(ready=found == "fits", database=found), 200 if found == "fits" else 503


def _database() -> str:
    """`fits`, `behind`, `ahead`, `empty` or `away`."""
    unlatch = current_app.extensions["unlatch"]
    if not hasattr(unlatch.stores, "database"):
        return "fits"  # in memory there are no tables
    database = unlatch.stores.database
    try:
        if unlatch.settings.database_url is None:
            with suppress(StoreError):  # whatever it is, `check` tells it next
                database.make_ready()  # our own file makes itself at its first use: now
        return str(database.check().value)
    except StoreError as error:
        log.error("not ready: %s", error)
        return "away"
