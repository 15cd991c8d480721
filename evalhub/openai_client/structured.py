"""One question, one answer that follows a JSON schema, by Chat Completions or by Responses.

Chat Completions is spoken because every OpenAI-compatible server knows it; Responses, where it is known, takes the
conversation as items of its own kind. Both are asked for the log-probabilities of the answer's tokens; a model that
refuses them is remembered and asked without.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any, Literal

from evalhub.errors import Retryable
from evalhub.openai_client.connections import Answered, post
from evalhub.openai_client.failures import OPENAI_URL, ModelError, Unsupported
from evalhub.openai_client.replies import Reply, Token, usage_of
from evalhub.settings import Settings

ALTERNATIVES = 5
_no_log_probabilities: set[tuple[str | None, str]] = set()
"""(server, model) that refused log-probabilities in this process"""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked: messages (Chat Completions) or items (Responses), and the JSON that is to come back."""

    model: str
    api: Literal["chat", "responses"]
    messages: Sequence[Mapping[str, Any]]
    name: str
    schema: Mapping[str, Any]
    temperature: float | None = None
    log_probabilities: bool = True
    cache_key: str | None = None
    """questions of the same start name the same key, so that OpenAI finds its cached start again"""


async def ask(settings: Settings, question: Question, *, timeout_s: float) -> Reply:
    """Ask, and ask again without log-probabilities where they are refused. Raises what `post` raises."""
    place = (settings.judge_url, question.model)
    if question.log_probabilities and place not in _no_log_probabilities:
        try:
            return await _ask(settings, question, timeout_s, log_probabilities=True)
        except Unsupported:
            _no_log_probabilities.add(place)
    return await _ask(settings, question, timeout_s, log_probabilities=False)


async def _ask(settings: Settings, question: Question, timeout_s: float, *, log_probabilities: bool) -> Reply:
    chat = question.api == "chat"
    body = (chat_body if chat else responses_body)(question, log_probabilities=log_probabilities)
    if question.cache_key and settings.judge_url in (None, OPENAI_URL):
        body["prompt_cache_key"] = question.cache_key
    answered = await post(settings, "/chat/completions" if chat else "/responses", body, timeout_s=timeout_s)
    return (_chat_reply if chat else _responses_reply)(answered)


def chat_body(question: Question, *, log_probabilities: bool) -> dict[str, Any]:
    """The body of a request to Chat Completions."""
    wanted = {"name": question.name, "schema": question.schema, "strict": True}
    body: dict[str, Any] = {
        "model": question.model,
        "messages": list(question.messages),
        "response_format": {"type": "json_schema", "json_schema": wanted},
    }
    if log_probabilities:
        body |= {"logprobs": True, "top_logprobs": ALTERNATIVES}
    return body | _sampling(question)


def responses_body(question: Question, *, log_probabilities: bool) -> dict[str, Any]:
    """The body of a request to Responses. Nothing is stored on the server."""
    wanted = {"type": "json_schema", "name": question.name, "schema": question.schema, "strict": True}
    body: dict[str, Any] = {
        "model": question.model,
        "input": list(question.messages),
        "text": {"format": wanted},
        "store": False,
    }
    if log_probabilities:
        body |= {"include": ["message.output_text.logprobs"], "top_logprobs": ALTERNATIVES}
    return body | _sampling(question)


def _sampling(question: Question) -> dict[str, Any]:
    return {} if question.temperature is None else {"temperature": question.temperature}


def _chat_reply(answered: Answered) -> Reply:
    data = answered.data
    choices = data.get("choices")
    if not choices or not isinstance(choices, list):
        raise ModelError(f"judge's server answered without a choice: {str(data)[:200]!r}")
    message = choices[0].get("message") or {}
    return Reply(
        text=message.get("content") or "",
        refusal=message.get("refusal"),
        finish_reason=choices[0].get("finish_reason"),
        model=data.get("model") or "",
        request_id=answered.request_id or data.get("id"),
        usage=usage_of(data.get("usage")),
        tokens=list(_tokens((choices[0].get("logprobs") or {}).get("content"))),
    )


def _responses_reply(answered: Answered) -> Reply:
    data = answered.data
    if data.get("status") == "failed":
        raise _failed(data.get("error") or {})
    if not isinstance(data.get("output"), list):
        raise ModelError(f"judge's server answered without an output: {str(data)[:200]!r}")
    parts = [part for item in data["output"] if item.get("type") == "message" for part in item.get("content") or ()]
    texts = [part for part in parts if part.get("type") == "output_text"]
    ended = (data.get("incomplete_details") or {}).get("reason", "")
    return Reply(
        text="".join(part.get("text") or "" for part in texts),
        refusal=next((part["refusal"] for part in parts if part.get("type") == "refusal"), None),
        finish_reason={"max_output_tokens": "length"}.get(ended, ended) or None,
        model=data.get("model") or "",
        request_id=answered.request_id or data.get("id"),
        usage=usage_of(data.get("usage")),
        tokens=[token for part in texts for token in _tokens(part.get("logprobs"))],
    )


def _failed(error: Mapping[str, Any]) -> Exception:
    said = f"{error.get('code')}: {error.get('message')}"[:300]
    if error.get("code") in ("server_error", "rate_limit_exceeded"):
        return Retryable("server_error", f"judge's server failed ({said})")
    return ModelError(f"judge's server turned the request down ({said})")


def _tokens(entries: Iterable[Mapping[str, Any]] | None) -> Iterator[Token]:
    for entry in entries or ():
        near = [(one["token"], exp(one["logprob"])) for one in entry.get("top_logprobs") or ()]
        yield Token(entry["token"], dict(near) or {entry["token"]: exp(entry["logprob"])})
