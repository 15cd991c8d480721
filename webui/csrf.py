"""Forms and htmx carry a token; programs, which carry a key instead, do not."""

from flask import Flask, request
from flask_wtf.csrf import CSRFProtect

from webui.access import access_of


def init_app(app: Flask) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    app.config["WTF_CSRF_SSL_STRICT"] = False  # behind a proxy the referrer's scheme may differ; SameSite covers it
    guard = CSRFProtect(app)

    @app.before_request
    def check() -> None:
        access = access_of(request.endpoint)
        if access is not None and not access.is_for_programs:  # an address that is not there answers 404 or 405
            guard.protect()
