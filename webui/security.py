"""Headers that keep a browser from doing what a page never asks for, and the key that signs sessions."""

from datetime import timedelta

from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from evalhub.errors import SetupError
from evalhub.settings import Settings

SESSION_LIFETIME = timedelta(days=14)
EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""of an empty <style>: plotly.js adds one and fills it by script rules, which a policy allows"""
KEEP = "public, max-age=31536000, immutable"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' {EMPTY_STYLE}",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def secret_key(settings: Settings) -> str:
    """The key that signs sessions.

    Raises:
        SetupError: none is set; a default would let anybody sign in.
    """
    if not settings.secret_key:
        raise SetupError("EVALHUB_SECRET_KEY is not set.", mend="Run `evalhub up`, or set it to 32 random bytes.")
    return settings.secret_key


class Sessions(SecureCookieSessionInterface):
    """Signed cookies, kept off plain http wherever the page itself came by https."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Programs send no cookie: nothing has to be verified, and no signer made for it."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002  (Flask calls it so)
        return request.is_secure


def init_app(app: Flask, settings: Settings) -> None:
    app.session_interface = Sessions()
    app.after_request(_add_headers)
    if hops := settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if _is_named_by_content() and response.status_code < 400:
        response.headers["Cache-Control"] = KEEP
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _is_named_by_content() -> bool:
    """Built files are asked for with the hash of their content; chunks have it in their names."""
    return request.endpoint == "static" and ("v" in request.args or "/chunks/" in request.path)
