"""Errors: a page in plain words for people, problem JSON (RFC 9457) for programs."""

import logging
from http import HTTPStatus

from flask import Flask, Response, g, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import BadRequestKeyError, HTTPException, InternalServerError

from evalhub.errors import BadInput, Conflict, NotFound, Problem, SetupError
from webui.context import give_up

log = logging.getLogger("webui.answers")
PROGRAMS = ("/api/", "/v1/")
RETRY_S = "2"
AWAY = (SetupError, OperationalError, InterfaceError, PoolTimeout)
KEPT_HEADERS = ("Allow", "Retry-After")
OLD_PAGE = "This page is too old: you signed in or out since it was opened. Reload it, then try again."
UNSTORABLE = "Something in this request cannot be stored: a number out of range, or a zero character in a text."

PLAIN = {
    400: "Something is missing in this address or form. Go back and try again.",
    404: "There is nothing at this address.",
    405: "This address does not take such a request.",
    413: "That is more than may be sent at once.",
}


def init_app(app: Flask) -> None:
    app.register_error_handler(BadInput, lambda error: answer(error.status, error.message, error.problems))
    app.register_error_handler(NotFound, lambda error: answer(404, str(error)))
    app.register_error_handler(Conflict, lambda error: answer(409, str(error)))
    app.register_error_handler(CSRFError, lambda _: answer(400, OLD_PAGE))
    app.register_error_handler(DataError, _unstorable)
    for away in AWAY:
        app.register_error_handler(away, _unavailable)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(500, _crashed)


def answer(status: int, message: str, problems: list[Problem] | None = None) -> Response:
    """The error as whoever asked can read it. What the request did to the database until then is undone."""
    give_up()
    if request.blueprint == "otel":
        response = _otlp_status(status, message, problems or [])
    elif request.path.startswith(PROGRAMS):
        response = _problem(status, message, problems or [])
    else:
        page = render_template("error.html", status=status, message=message, problems=problems or [])
        response = Response(page, status=status)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="evalhub"'
    return response


def _otlp_status(status: int, message: str, problems: list[Problem]) -> Response:
    from webui.api.otel import status_answer

    return status_answer(status, message, problems)


def _problem(status: int, message: str, problems: list[Problem]) -> Response:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": message}
    if problems:
        body["errors"] = [problem.as_json() for problem in problems]
    response = jsonify(body)
    response.status_code, response.mimetype = status, "application/problem+json"
    return response


def _refused(error: HTTPException) -> Response:
    is_told = error.description != type(error).description and not isinstance(error, BadRequestKeyError)
    told = error.description if is_told else PLAIN.get(error.code or 500, error.description)
    response = answer(error.code or 500, told or error.name)
    kept = [(name, value) for name, value in error.get_headers() if name in KEPT_HEADERS]
    response.headers.extend(kept)
    return response


def _unstorable(error: DataError) -> Response:
    log.warning("unstorable: %s", error.orig)
    return answer(400, UNSTORABLE)


def _unavailable(error: Exception) -> Response:
    """Our side is at fault and may mend itself: programs are told to come back. The page asks the database nothing."""
    log.error("unavailable: %s", error)
    g.away = True
    response = answer(503, "The server cannot store anything right now. Try again in a moment.")
    response.headers["Retry-After"] = RETRY_S
    return response


def _crashed(error: InternalServerError) -> Response:
    """A fault of ours, or the database went away while it committed what was fine until then."""
    if isinstance(error.original_exception, AWAY):
        return _unavailable(error.original_exception)
    told = f"Something went wrong here. It is in the server's log as {g.request_id}. Nothing of this request was kept."
    return answer(500, told)
