"""Log lines of the web server, each with the name of the request it belongs to; the answer carries it too."""

import logging
import re
from secrets import token_hex

from flask import Flask, g, has_request_context, request
from flask.logging import default_handler
from werkzeug.wrappers import Response

FORMAT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
HEADER = "X-Request-ID"
GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")


def init_app(app: Flask) -> None:
    app.before_request(_name)
    app.after_request(_tell)
    default_handler.setFormatter(logging.Formatter(FORMAT))
    default_handler.addFilter(_mark)
    if default_handler not in app.logger.handlers:
        app.logger.addHandler(default_handler)


def _name() -> None:
    """The name a proxy gave the request, so that its log and ours meet; else a new one."""
    given = request.headers.get(HEADER, "")
    g.request_id = given if GIVEN.fullmatch(given) else token_hex(8)


def _tell(response: Response) -> Response:
    response.headers[HEADER] = g.get("request_id", "-")
    return response


def _mark(record: logging.LogRecord) -> bool:
    record.request_id = g.get("request_id", "-") if has_request_context() else "-"
    return True
