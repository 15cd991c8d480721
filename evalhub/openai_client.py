"""The only door to the openai package: one question, one answer that follows a JSON schema, from any compatible server.

Chat Completions is spoken because every OpenAI-compatible server knows it. The client never retries by itself: what may
succeed later is raised as `Retryable` and goes back to the queue, what a person has to mend as `Blocked`. The package
is imported on first use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from evalhub.errors import Blocked, EvalhubError, Retryable
from evalhub.settings import Settings

if TYPE_CHECKING:
    import openai

OPENAI_URL = "https://api.openai.com/v1"
TIMEOUT_S = 60.0
NOT_CONNECTED = "judge not connected. Set EVALHUB_JUDGE_MODEL and OPENAI_API_KEY (or EVALHUB_JUDGE_URL), then restart."
WORTH_A_RETRY = (408, 409, 425)


class ModelError(EvalhubError):
    """The model server said no, or said something that is no answer; trying again would not help."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back: the text or the refusal, why it ended there, and what it took."""

    text: str
    refusal: str | None
    finish_reason: str | None
    model: str
    request_id: str | None
    usage: dict[str, int] = field(default_factory=dict)
    """input_tokens, output_tokens, and of the input cached_tokens and audio_tokens; fewer where a server counts less"""


def connected_model(settings: Settings) -> str:
    """The model that judges.

    Raises:
        Blocked: none is configured, or neither a key nor a server of its own.
    """
    if not settings.judge_model or not (settings.judge_api_key or settings.judge_url):
        raise Blocked("judge_not_connected", NOT_CONNECTED)
    return settings.judge_model


def ask_json(
    settings: Settings,
    messages: Sequence[Mapping[str, Any]],
    *,
    name: str,
    schema: dict[str, Any] | None,
    timeout_s: float = TIMEOUT_S,
    temperature: float | None = None,
) -> Reply:
    """Ask the judge's model for JSON of this schema. Whether it is that JSON, the caller checks.

    Without a schema the messages say the shape: models that listen know no structured outputs.

    Raises:
        Blocked: not connected, or the key, the model or the credit has to be mended by a person.
        Retryable: rate limited (not before its Retry-After), server error, time-out, not reachable.
        ModelError: the request was turned down for good, or the answer is no chat completion.
    """
    import openai

    model = connected_model(settings)
    sampling = {} if temperature is None else {"temperature": temperature}
    wanted = {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": True}}
    shape = {} if schema is None else {"response_format": wanted}
    client = _client(settings.judge_url or OPENAI_URL, settings.judge_api_key or "none", timeout_s)
    try:
        completion = client.chat.completions.create(
            model=model,
            messages=list(messages),
            **shape,
            **sampling,  # type: ignore[call-overload]
        )
    except openai.APIConnectionError as error:
        raise _unreachable(error, settings, timeout_s) from None
    except openai.APIStatusError as error:
        raise _refused(error, model) from None
    except (openai.OpenAIError, ValueError) as error:
        raise ModelError(f"judge's server answered something that is no chat completion: {error}") from error
    return _reply(completion)


@lru_cache(maxsize=8)
def _client(url: str, key: str, timeout_s: float) -> openai.OpenAI:
    import openai

    return openai.OpenAI(base_url=url, api_key=key, timeout=timeout_s, max_retries=0)


def _reply(completion: Any) -> Reply:
    choices = getattr(completion, "choices", None)
    if not choices:
        raise ModelError(f"judge's server answered without a choice: {str(completion)[:200]!r}")
    message = choices[0].message
    return Reply(
        text=message.content or "",
        refusal=getattr(message, "refusal", None),
        finish_reason=choices[0].finish_reason,
        model=completion.model,
        request_id=completion._request_id or completion.id,
        usage=_usage(completion.usage),
    )


def _usage(usage: Any) -> dict[str, int]:
    details = getattr(usage, "prompt_tokens_details", None)
    counted = {
        "input_tokens": getattr(usage, "prompt_tokens", None),
        "output_tokens": getattr(usage, "completion_tokens", None),
        "cached_tokens": getattr(details, "cached_tokens", None),
        "audio_tokens": getattr(details, "audio_tokens", None) or None,
    }
    return {name: count for name, count in counted.items() if count is not None}


def _unreachable(error: openai.APIConnectionError, settings: Settings, timeout_s: float) -> Retryable:
    import openai

    if isinstance(error, openai.APITimeoutError):
        return Retryable("timeout", f"judge did not answer within {timeout_s:g} s")
    return Retryable("unreachable", f"judge's server {settings.judge_url or OPENAI_URL} cannot be reached: {error}")


def _refused(error: openai.APIStatusError, model: str) -> EvalhubError:
    said = f"HTTP {error.status_code}: {error.message}"[:300]
    if error.code == "insufficient_quota":
        return Blocked("no_credit", f"judge's account has no credit left ({said}). Top it up, or use another key.")
    if error.status_code == 429:
        return Retryable("rate_limited", f"judge is rate limited ({said})", _not_before(error.response.headers))
    if error.status_code >= 500 or error.status_code in WORTH_A_RETRY:
        return Retryable("server_error", f"judge's server failed ({said})", _not_before(error.response.headers))
    if error.status_code in (401, 403):
        return Blocked("key_refused", f"judge's server refused the key ({said}). Check EVALHUB_JUDGE_API_KEY.")
    if error.status_code == 404:
        return Blocked("model_unknown", f"judge's server knows no {model!r} ({said}). Check EVALHUB_JUDGE_MODEL.")
    return ModelError(f"judge's server turned the request down ({said})")


def _not_before(headers: Mapping[str, str]) -> datetime | None:
    """Retry-After as a time: seconds or an HTTP date."""
    given = headers.get("retry-after", "").strip()
    if given.replace(".", "", 1).isdigit():
        return datetime.now(UTC) + timedelta(seconds=min(float(given), 86_400))
    try:
        return parsedate_to_datetime(given).astimezone(UTC) if given else None
    except ValueError:
        return None
