"""Rate limits, counted in the process: on guessing passwords and links, and on what one key or endpoint may send.

What succeeds does not count as a guess: a whole office comes in through one address at nine in the morning.
"""

from collections.abc import Callable, Hashable
from functools import wraps
from threading import Lock
from time import monotonic, time
from typing import Any, TypeVar

from flask import Flask, Response, after_this_request, current_app, g, render_template, request
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from webui.answers import answer

PER_KEY = 1000
"""requests a second that one process takes of one key"""
GUESSES = parse_many("20 per minute; 100 per hour")
View = TypeVar("View", bound=Callable[..., Any])


class TooManyGuesses(TooManyRequests):
    """Somebody guesses; `retry_after` are the seconds until they may try again."""


def guessing(view: View) -> View:
    """A view at which something may be guessed: what it refuses counts, for each address."""

    @wraps(view)
    def counted(*args: Any, **named: Any) -> Any:
        guesses: MovingWindowRateLimiter = current_app.extensions["evalhub_guesses"]
        guesser = (view.__name__, request.remote_addr or "")
        if spent := [limit for limit in GUESSES if not guesses.test(limit, *guesser)]:
            raise TooManyGuesses(retry_after=_wait_s(guesses, spent, guesser))

        @after_this_request
        def count(response: Response) -> Response:
            for limit in GUESSES if response.status_code >= 400 else ():
                guesses.hit(limit, *guesser)
            return response

        return view(*args, **named)

    return counted  # type: ignore[return-value]


def _wait_s(guesses: MovingWindowRateLimiter, spent: list[RateLimitItem], guesser: tuple[str, str]) -> int:
    ends = (guesses.get_window_stats(limit, *guesser).reset_time for limit in spent)
    return max(1, round(max(ends) - time()))


class PerSecond:
    """Counts within the running second. The storage that guesses have starts a thread, a third of such a request."""

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
    app.extensions["evalhub_guesses"] = MovingWindowRateLimiter(MemoryStorage())
    app.register_error_handler(TooManyGuesses, _slow_down)
    sent = PerSecond(PER_KEY)

    @app.before_request
    def count() -> None:
        sender = g.get("api_key") or g.get("endpoint")
        if sender and not sent.hit((type(sender), sender.id), monotonic()):
            told = f"This key sends more than {PER_KEY} requests a second. Put more in each."
            raise TooManyRequests(told, retry_after=1)


def _slow_down(refused: TooManyGuesses) -> Response:
    wait = int(refused.retry_after)  # type: ignore[arg-type]  # seconds, by `guessing`
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
