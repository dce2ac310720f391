"""The stylesheet, the script and the icon: three files, read and compressed once a process.

Their names carry a hash of what is in them, so a browser may keep them for ever. Pages are
never compressed: they may carry secrets beside what a stranger chose (BREACH).
"""

import gzip
import json
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from flask import Response, request

from unlatch.errors import NotFound

_FOLDER = files("unlatch.flask") / "static"

ASSETS: dict[str, str] = json.loads((_FOLDER / "manifest.json").read_text(encoding="utf-8"))
"""File names by what they are for: `script`, `style`, `favicon`."""

_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _Asset:
    plain: bytes
    gzipped: bytes
    mimetype: str


def static(filename: str) -> Response:
    """One of the three files.

    Raises:
        NotFound: Any other name.
    """
    if filename not in ASSETS.values():
        raise NotFound("no such static file")
    asset = _asset(filename)
    gzipped = request.accept_encodings.quality("gzip") > 0
    response = Response(asset.gzipped if gzipped else asset.plain, mimetype=asset.mimetype)
    if gzipped:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = _FOR_EVER
    return response


@cache
def _asset(filename: str) -> _Asset:
    plain = (_FOLDER / filename).read_bytes()
    mimetype = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    return _Asset(plain, gzip.compress(plain, 9, mtime=0), mimetype)
