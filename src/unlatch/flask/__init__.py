"""The face: what a Flask app sees of Unlatch."""

from unlatch.core.policy import Demand, Policy
from unlatch.flask.access import current_account, fresh_sign_in_required, sign_in_required
from unlatch.flask.extension import Unlatch

__all__ = [
    "Demand",
    "Policy",
    "Unlatch",
    "current_account",
    "fresh_sign_in_required",
    "sign_in_required",
]
