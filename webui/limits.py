"""Rate limits, counted in the process: on guessing passwords and links, and on what one key or endpoint may send.

What succeeds does not count as a guess: a whole office comes in through one address at nine in the morning.
"""

from collections.abc import Hashable
from threading import Lock
from time import monotonic, time

from flask import Flask, Response, g, render_template, request
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address
from werkzeug.exceptions import TooManyRequests

from webui.answers import answer

PER_KEY = 1000
"""requests a second that one process takes of one key"""
limiter = Limiter(get_remote_address, storage_uri="memory://", strategy="moving-window")
guessing = limiter.limit("20 per minute; 100 per hour", deduct_when=lambda response: response.status_code >= 400)


class PerSecond:
    """Counts within the running second. The limiter's own storage starts a thread for it, a third of such a request."""

    def __init__(self, most: int) -> None:
        self.most, self._lock = most, Lock()
        self._second, self._counts = 0, dict[Hashable, int]()

    def hit(self, sender: Hashable, now: float) -> bool:
        """Count one of this sender; whether it is still within the limit. `now` is monotonic seconds."""
        with self._lock:
            if int(now) != self._second:
                self._second, self._counts = int(now), {}
            count = self._counts[sender] = self._counts.get(sender, 0) + 1
        return count <= self.most


def init_app(app: Flask) -> None:
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _slow_down)
    sent = PerSecond(PER_KEY)

    @app.before_request
    def count() -> None:
        sender = g.get("api_key") or g.get("endpoint")
        if sender and not sent.hit((type(sender), sender.id), monotonic()):
            told = f"This key sends more than {PER_KEY} requests a second. Put more in each."
            raise TooManyRequests(told, retry_after=1)


def _slow_down(_: RateLimitExceeded) -> Response:
    limit = limiter.current_limit
    wait = max(1, round(limit.reset_at - time())) if limit else 1
    response = _told(f"Too many tries from your address. Wait {in_words(wait)}, then try again.")
    response.headers["Retry-After"] = str(wait)
    return response


def _told(message: str) -> Response:
    """Who signs in reads it above the form, which is where they try again."""
    if request.endpoint != "session.check_password":
        return answer(429, message)
    page = render_template("session/sign_in.html", error=message, email=request.form.get("email", ""))
    return Response(page, status=429)


def in_words(seconds: int) -> str:
    """How long to wait: in seconds, from two minutes on in minutes that are over by then."""
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} minutes"
