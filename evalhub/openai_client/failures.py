"""What a model server's failure means for the work: try later, have a person mend it, or give up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from evalhub.errors import Blocked, EvalhubError, Failed, Retryable
from evalhub.settings import Settings

if TYPE_CHECKING:
    import openai

OPENAI_URL = "https://api.openai.com/v1"
UNTOLD_PAUSE = timedelta(seconds=20)
"""after a 429 that does not say how long to wait"""
WORTH_A_RETRY = (408, 409, 425)
TOO_LONG = ("context_length_exceeded", "string_above_max_length")
TOO_LONG_SAID = ("context length", "context window", "maximum context", "too many tokens")


class ModelError(Failed):
    """The model server said no, or said something that is no answer; trying again would not help."""

    def __init__(self, reason: str) -> None:
        super().__init__("no_answer", reason)


class TooLong(ModelError):
    """The request holds more than the model can read."""


class Unsupported(ModelError):
    """The server or model does not know a thing that the request asks for; `parameter` says which, where it is told."""

    def __init__(self, reason: str, parameter: str) -> None:
        super().__init__(reason)
        self.parameter = parameter


def unreachable(error: openai.APIConnectionError, settings: Settings, timeout_s: float) -> Retryable:
    """No answer at all."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return Retryable("timeout", f"judge did not answer within {timeout_s:g} s")
    return Retryable("unreachable", f"judge's server {settings.judge_url or OPENAI_URL} cannot be reached: {error}")


def refused(error: openai.APIStatusError, model: str) -> EvalhubError:
    """An answer that is an error: 429 and 5xx come back later, keys, models and credit are for people."""
    said = f"HTTP {error.status_code}: {error.message}"[:300]
    if error.code == "insufficient_quota":
        return Blocked("no_credit", f"judge's account has no credit left ({said}). Top it up, or use another key.")
    if error.status_code == 429:
        later = not_before(error.response.headers) or datetime.now(UTC) + UNTOLD_PAUSE
        return Retryable("rate_limited", f"judge is rate limited ({said})", later)
    if error.status_code >= 500 or error.status_code in WORTH_A_RETRY:
        return Retryable("server_error", f"judge's server failed ({said})", not_before(error.response.headers))
    if error.status_code in (401, 403):
        return Blocked("key_refused", f"judge's server refused the key ({said}). Check EVALHUB_JUDGE_API_KEY.")
    if error.status_code == 404:
        return Blocked(
            "model_unknown",
            f"judge's server knows no {model!r} ({said}). Check EVALHUB_JUDGE_MODEL and EVALHUB_JUDGE_API.",
        )
    return turned_down(error.status_code, {"code": error.code, "param": error.param, "message": error.message})


def turned_down(status: int, error: Mapping[str, Any]) -> ModelError:
    """An error that stays one: what the request holds cannot be answered."""
    message = str(error.get("message"))
    told = f"judge's server turned the request down (HTTP {status}: {message})"[:300]
    if error.get("code") in TOO_LONG or any(words in message.lower() for words in TOO_LONG_SAID):
        return TooLong(told)
    if "logprob" in f"{error.get('param')} {message}".lower():
        return Unsupported(told, "logprobs")
    return ModelError(told)


def not_before(headers: Mapping[str, str]) -> datetime | None:
    """Retry-After as a time: seconds or an HTTP date."""
    given = headers.get("retry-after", "").strip()
    if given.replace(".", "", 1).isdigit():
        return datetime.now(UTC) + timedelta(seconds=min(float(given), 86_400))
    try:
        return parsedate_to_datetime(given).astimezone(UTC) if given else None
    except ValueError:
        return None
