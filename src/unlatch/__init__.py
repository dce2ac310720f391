"""Passwordless sign-in for Flask: passkeys, and a mailed link and code for a new device."""

from unlatch.flask import (
    Demand,
    Policy,
    Unlatch,
    current_account,
    fresh_sign_in_required,
    sign_in_required,
)

__all__ = [
    "Demand",
    "Policy",
    "Unlatch",
    "current_account",
    "fresh_sign_in_required",
    "sign_in_required",
]
