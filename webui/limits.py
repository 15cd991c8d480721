"""Rate limits, counted in the process: on guessing passwords and links, and on what one API key may send.

What succeeds does not count as a guess: a whole office comes in through one address at nine in the morning.
"""

from time import time

from flask import Flask, Response, g
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from webui.answers import answer

PER_KEY = parse("1000 per second")
limiter = Limiter(get_remote_address, storage_uri="memory://", strategy="moving-window")
guessing = limiter.limit("20 per minute; 100 per hour", deduct_when=lambda response: response.status_code >= 400)


def init_app(app: Flask) -> None:
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _slow_down)
    sent = FixedWindowRateLimiter(MemoryStorage())

    @app.before_request
    def count() -> None:
        sender = g.get("api_key") or g.get("endpoint")
        if sender and not sent.hit(PER_KEY, type(sender).__name__, str(sender.id)):
            raise TooManyRequests("This key sends more than 1000 requests a second. Put more in each.", retry_after=1)


def _slow_down(_: RateLimitExceeded) -> Response:
    limit = limiter.current_limit
    wait = max(1, round(limit.reset_at - time())) if limit else 1
    response = answer(429, f"Too many tries from your address. Wait {wait} s, then try again.")
    response.headers["Retry-After"] = str(wait)
    return response
