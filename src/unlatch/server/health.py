"""Alive and ready, for whatever watches over the process. No Host check, no session."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from unlatch.server.readiness import look

blueprint = Blueprint("health", __name__)

ALIVE, READY = PATHS = ("/healthz", "/readyz")


@blueprint.get(ALIVE)
def alive() -> ResponseReturnValue:
    """200 as long as the process answers at all."""
    return jsonify(alive=True)


@blueprint.get(READY)
def ready() -> ResponseReturnValue:
    """200 if the database answers within a second and its tables are those of this version, else
    503. What else is not as it should be is told, and is no reason to send visitors elsewhere.
    """
    found = look()
    status = 200 if found.is_ready else 503
    return jsonify(ready=found.is_ready, database=found.database, degraded=found.degraded), status
