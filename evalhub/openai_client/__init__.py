"""The only door to the openai package: questions to any compatible server, answers that follow a schema.

`ask_json` here asks one thing and waits. `structured` and `decisions` are for many at once in an event loop. The client
never retries by itself: what may succeed later is raised as `Retryable` and goes back to the queue, what a person has
to mend as `Blocked`. The package is imported on first use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from evalhub.errors import Blocked
from evalhub.openai_client.failures import OPENAI_URL, ModelError, refused, unreachable
from evalhub.openai_client.replies import Reply, usage_of
from evalhub.settings import Settings

if TYPE_CHECKING:
    import openai

__all__ = ["ModelError", "Reply", "ask_json", "connected_model"]

TIMEOUT_S = 60.0
NOT_CONNECTED = "judge not connected. Set EVALHUB_JUDGE_MODEL and OPENAI_API_KEY (or EVALHUB_JUDGE_URL), then restart."


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
        raise unreachable(error, settings, timeout_s) from None
    except openai.APIStatusError as error:
        raise refused(error, model) from None
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
        usage=usage_of(completion.usage.to_dict() if completion.usage else None),
    )
