"""What the ready server's processes write to standard error, as `logging.config` takes it: JSON, a
line for each thing that happened; where a person is looking, or develops, lines to be read.
"""

import logging
import secrets
import sys
from collections.abc import MutableMapping
from typing import Any

from flask import has_request_context, request

_REQUEST_ID = "unlatch.request_id"


def logs(*, development: bool) -> dict[str, Any]:
    """For this process and those that it starts."""
    for_people = development or sys.stderr.isatty()
    line = {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line if for_people else {"()": json_formatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {"unlatch": {"level": "INFO"}, "_granian": {}},
    }


def json_formatter() -> logging.Formatter:
    """`timestamp`, `level`, `logger`, `event`; `request_id` where a request was at work; where one
    was raised, `exception`: its traceback, in which our lines stand and no value.

    Nothing else that hangs on a record gets in: a library's `extra` may hold anything.
    """
    from structlog import processors, stdlib

    return stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            processors.TimeStamper(fmt="iso", utc=True),
            stdlib.add_log_level,
            stdlib.add_logger_name,
            _add_request_id,
            processors.format_exc_info,
        ],
        processors=[stdlib.ProcessorFormatter.remove_processors_meta, processors.JSONRenderer()],
    )


def _add_request_id(
    logger: object,  # noqa: ARG001  # as structlog calls it
    name: str,  # noqa: ARG001
    event: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    """What says of several lines that they belong to one request. Made up here, when the first of
    them is written: an id that came with the request could be anything, also another's.
    """
    if has_request_context():
        event["request_id"] = request.environ.setdefault(_REQUEST_ID, secrets.token_hex(8))
    return event
