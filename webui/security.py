"""Headers that keep a browser from doing what a page never asks for, and the key that signs sessions."""

from datetime import timedelta

from flask import Flask, request
from werkzeug.wrappers import Response

from evalhub.errors import SetupError
from evalhub.settings import Settings

SESSION_LIFETIME = timedelta(days=14)
EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""of an empty <style>: plotly.js adds one and fills it by script rules, which a policy allows"""
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


def init_app(app: Flask) -> None:
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
