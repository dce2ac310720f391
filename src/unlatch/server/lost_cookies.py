"""Tells the operator of cookies that never reach the app."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("unlatch")


def tell_of_lost_cookies(app: "WSGIApplication") -> "WSGIApplication":
    """The app; once in this process, a browser's cookies that were lost are told.

    granian hands on an empty `Cookie` where one byte of it is beyond ASCII, as in `city=Zürich`,
    which another site of the same domain may have set for all of it. No browser sends an empty one.
    """
    told = False

    def telling(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        nonlocal told
        if not told and environ.get("HTTP_COOKIE") == "":
            told = True
            log.warning(
                "A browser's cookies were lost on their way here, because one of them has a byte "
                "beyond ASCII in it: whoever has such a cookie cannot sign in. Have the proxy "
                "replace such bytes; docs/server.md says how."
            )
        return app(environ, start_response)

    return telling
