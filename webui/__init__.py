"""The web application: pages for people, and the HTTP interface of programs in `webui.api`."""

from flask import Flask

from evalhub.services import Services, open_services
from evalhub.settings import Settings
from webui import access, answers, context, csrf, limits, logs, pages, pressure, security
from webui.doorbell import CeleryDoorbell


def create_app(services: Services | None = None) -> Flask:
    """The application. Without `services` it connects as the environment says."""
    if services is None:
        settings = Settings.from_env()
        services = open_services(settings, CeleryDoorbell(settings), pool_size=16)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=security.secret_key(services.settings),
        SESSION_COOKIE_NAME="evalhub",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=security.SESSION_LIFETIME,
        MAX_FORM_MEMORY_SIZE=2 << 20,
        JSON_SORT_KEYS=False,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.extensions["evalhub"] = services
    security.init_app(app, services.settings)
    for part in (logs, context, access, csrf, limits, pressure, answers, pages):
        part.init_app(app)
    return app
