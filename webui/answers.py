"""Errors: a page in plain words for people, problem JSON (RFC 9457) for programs."""

import logging
from http import HTTPStatus

from flask import Flask, Response, jsonify, render_template, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from evalhub.errors import BadInput, Conflict, NotFound, Problem, SetupError

log = logging.getLogger("evalhub.web")
PROGRAMS = ("/api/", "/v1/")
RETRY_S = "2"


def init_app(app: Flask) -> None:
    app.register_error_handler(BadInput, lambda error: answer(error.status, error.message, error.problems))
    app.register_error_handler(NotFound, lambda error: answer(404, str(error)))
    app.register_error_handler(Conflict, lambda error: answer(409, str(error)))
    app.register_error_handler(SetupError, _unavailable)
    app.register_error_handler(OperationalError, _unavailable)
    app.register_error_handler(HTTPException, lambda error: answer(error.code or 500, error.description or error.name))
    app.register_error_handler(500, _crashed)


def answer(status: int, message: str, problems: list[Problem] | None = None) -> Response:
    """The error as whoever asked can read it."""
    if request.path.startswith(PROGRAMS):
        response = _problem(status, message, problems or [])
    else:
        page = render_template("error.html", status=status, message=message, problems=problems or [])
        response = Response(page, status=status)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="evalhub"'
    return response


def _problem(status: int, message: str, problems: list[Problem]) -> Response:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": message}
    if problems:
        body["errors"] = [problem.as_json() for problem in problems]
    response = jsonify(body)
    response.status_code, response.mimetype = status, "application/problem+json"
    return response


def _unavailable(error: Exception) -> Response:
    """Our side is at fault and may mend itself: programs are told to come back."""
    log.error("unavailable: %s", error)
    response = answer(503, "The server cannot store anything right now. Try again in a moment.")
    response.headers["Retry-After"] = RETRY_S
    return response


def _crashed(_: Exception) -> Response:
    return answer(500, "Something went wrong here, and it is in the server's log. Nothing of this request was kept.")
