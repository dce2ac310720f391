"""What is measured beside Unlatch: a sign-in with a passkey as one writes it by hand with Flask,
the webauthn package and Python's own sqlite3, in one process of one thread.

It does what it must, as the server in `beside_node/` does, and for the same browser. A challenge
travels in a signed cookie, is good for five minutes, and is answered once; the session's token is
kept as a hash; all that a sign-in writes is one transaction. It has no limits, writes no event, and
sends none of the headers that Unlatch does. So it tells about what is not ours.
"""

import os
import secrets
import time
from hashlib import sha256
from hmac import compare_digest, digest
from urllib.parse import urlsplit

from by_hand.database import connect
from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    options_to_json,
    verify_authentication_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import UserVerificationRequirement

CEREMONY, SESSION = "__Host-ceremony", "__Host-session"
ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"
FIVE_MINUTES = 5 * 60
A_MONTH = 30 * 24 * 60 * 60

FIND_PASSKEY = "SELECT person, public_key, counter FROM passkeys WHERE id = ?"
FIND_PERSON = (
    "SELECT name FROM sessions JOIN people ON people.id = person"
    " WHERE token_hash = ? AND expires_at > ?"
)
ANSWER = "INSERT INTO answered VALUES (?) ON CONFLICT DO NOTHING"
USE = "UPDATE passkeys SET counter = ?, backed_up = ?, used_at = ? WHERE id = ? AND counter = ?"
BEGIN = "INSERT INTO sessions VALUES (?, ?, ?)"


class SignIn:
    """Its three addresses."""

    def __init__(self, origin: str, secret: str, database: str) -> None:
        self._origin = origin
        self._rp_id = urlsplit(origin).hostname or ""
        self._secret = secret.encode()
        self._database = connect(database)

    def options(self) -> Response:
        request.get_data()  # or granian may close the connection, when the body comes after this
        made = generate_authentication_options(
            rp_id=self._rp_id, user_verification=UserVerificationRequirement.REQUIRED
        )
        until = int(time.time()) + FIVE_MINUTES
        ceremony = f"{bytes_to_base64url(made.challenge)}.{until}"
        answer = Response(options_to_json(made), mimetype="application/json")
        answer.headers.add(
            "Set-Cookie", f"{CEREMONY}={ceremony}.{self._signature(ceremony)}; {ATTRIBUTES}"
        )
        return answer

    def sign_in(self) -> ResponseReturnValue:
        now = int(time.time())
        challenge, answered = self._begun(now), request.get_json()
        passkey = self._database.execute(FIND_PASSKEY, [str(answered.get("id"))]).fetchone()
        if request.headers.get("Origin") != self._origin or not challenge or not passkey:
            return _refused()
        person, public_key, counter = passkey
        try:
            seen = verify_authentication_response(
                credential=answered,
                expected_challenge=challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origin,
                credential_public_key=public_key,
                credential_current_sign_count=counter,
                require_user_verification=True,
            )
        except WebAuthnException:
            return _refused()
        token = secrets.token_urlsafe()
        if not self._let_in(challenge, person, counter, seen, _hash(token), now):
            return _refused()
        answer = jsonify(next="/account")
        answer.headers.add("Set-Cookie", f"{SESSION}={token}; Max-Age={A_MONTH}; {ATTRIBUTES}")
        answer.headers.add("Set-Cookie", f"{CEREMONY}=; Max-Age=0; {ATTRIBUTES}")
        return answer

    def account(self) -> ResponseReturnValue:
        given = [_hash(request.cookies.get(SESSION, "")), int(time.time())]
        person = self._database.execute(FIND_PERSON, given).fetchone()
        return jsonify(name=person[0]) if person else _refused()

    def _begun(self, now: int) -> bytes | None:
        """The challenge that this browser was given, if that is ours and not too old."""
        ceremony, _, signature = request.cookies.get(CEREMONY, "").rpartition(".")
        if not compare_digest(signature.encode(), self._signature(ceremony).encode()):
            return None
        challenge, until = ceremony.split(".")
        return base64url_to_bytes(challenge) if int(until) > now else None

    def _signature(self, text: str) -> str:
        return bytes_to_base64url(digest(self._secret, text.encode(), "sha256"))

    def _let_in(
        self,
        challenge: bytes,
        person: int,
        counter: int,
        seen: VerifiedAuthentication,
        token_hash: bytes,
        now: int,
    ) -> bool:
        passkey = bytes_to_base64url(seen.credential_id)
        used = seen.new_sign_count, seen.credential_backed_up, now, passkey, counter
        execute = self._database.execute
        with self._database:
            execute("BEGIN IMMEDIATE")
            is_new = execute(ANSWER, [challenge]).rowcount == 1
            if not (is_new and execute(USE, used).rowcount == 1):
                self._database.rollback()
                return False
            execute(BEGIN, [token_hash, person, now + A_MONTH])
        return True


def create_app() -> Flask:
    """The settings are in the environment: the secret is made for this run."""
    names = "BESIDE_ORIGIN", "BESIDE_SECRET", "BESIDE_DATABASE"
    sign_in = SignIn(*(os.environ[name] for name in names))
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.add_url_rule("/sign-in/options", view_func=sign_in.options, methods=["POST"])
    app.add_url_rule("/sign-in", view_func=sign_in.sign_in, methods=["POST"])
    app.add_url_rule("/account", view_func=sign_in.account)
    return app


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _refused() -> ResponseReturnValue:
    return jsonify(error="refused"), 401
