"""The Batch API: questions wait in rows, go out together, and their answers are taken from rows when the question is
asked again. It costs half and takes up to a day.

Whoever asks does not know: inside `sending`, `connections.post` looks here first. A question without an answer is noted
and raised as `Retryable`; asked again later, it finds its answer. A question asked several times in one run counts as
several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, cast

import orjson

from evalhub.errors import Retryable
from evalhub.evaluators import digest
from evalhub.openai_client.failures import OPENAI_URL, turned_down
from evalhub.settings import Settings

if TYPE_CHECKING:
    import openai

IN_BATCH = "in_batch"
LOOK_AGAIN = timedelta(hours=25)
"""a batch that ends rings for its calls; later than that something was lost"""
PRICE_SHARE = 0.5
PATHS = ("/chat/completions", "/responses")
"""what it takes; Decisions are asked at once"""
Endpoint = Literal["/v1/chat/completions", "/v1/responses"]


@dataclass
class Batched:
    """The questions of one run: answers that are there by digest, as (HTTP status, JSON), and what is to be sent."""

    answers: Mapping[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    wanted: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """the digests of all of them"""
    _taken: Counter[str] = field(default_factory=Counter)

    def take(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a question.

        Raises:
            Retryable: there is none yet.
            ModelError: the server turned it down.
        """
        question = digest([path, body])
        name = f"{question}-{self._taken[question]}"
        self._taken[question] += 1
        self.asked.append(name)
        if name not in self.answers:
            self.wanted[name] = (path, dict(body))
            reason = "waits for its batch, which takes up to a day"
            raise Retryable(IN_BATCH, reason, datetime.now(UTC) + LOOK_AGAIN)
        status, answer = self.answers[name]
        if status != 200:
            raise turned_down(status, answer.get("error") or {})
        return answer


_now: ContextVar[Batched | None] = ContextVar("batched", default=None)


@contextmanager
def sending(batched: Batched | None) -> Iterator[None]:
    """Questions asked inside go by the batch; with None they go at once."""
    token = _now.set(batched)
    try:
        yield
    finally:
        _now.reset(token)


def current() -> Batched | None:
    """What questions go into now, if by the batch."""
    return _now.get()


@dataclass(frozen=True)
class Ended:
    """What a batch that is over came to: (status, JSON) by question, and why the rest has none."""

    answers: dict[str, tuple[int, dict[str, Any]]]
    failed: str | None = None


def submit(settings: Settings, path: str, questions: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Send questions (name, body) of one endpoint as a batch. Returns its id. Raises openai.OpenAIError."""
    url = f"/v1{path}"
    lines = [{"custom_id": name, "method": "POST", "url": url, "body": body} for name, body in questions]
    client = _client(settings.judge_url or OPENAI_URL, settings.judge_api_key or "none")
    content = b"\n".join(orjson.dumps(line) for line in lines)
    file = client.files.create(file=("judge.jsonl", content), purpose="batch")
    endpoint = cast("Endpoint", url)
    return client.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h").id


def fetch(settings: Settings, batch_id: str) -> Ended | None:
    """What a batch came to; None while it runs. Raises openai.OpenAIError."""
    client = _client(settings.judge_url or OPENAI_URL, settings.judge_api_key or "none")
    batch = client.batches.retrieve(batch_id)
    if batch.status not in ("completed", "expired", "cancelled", "failed"):
        return None
    files = [name for name in (batch.output_file_id, batch.error_file_id) if name]
    answers = dict(answer for name in files for answer in _answers(client.files.content(name).content))
    failed = str(batch.errors.data) if batch.status == "failed" and batch.errors else None
    return Ended(answers, failed)


def _answers(content: bytes) -> Iterator[tuple[str, tuple[int, dict[str, Any]]]]:
    """Answers of a file. Those that may succeed later (429, 5xx, expired) are left out: they are sent again."""
    for line in content.splitlines():
        row = orjson.loads(line) if line.strip() else {}
        response = row.get("response") or {}
        status = response.get("status_code")
        if status == 200 or (status is not None and 400 <= status < 500 and status != 429):
            yield row["custom_id"], (status, response.get("body") or {})


@lru_cache(maxsize=2)
def _client(url: str, key: str) -> openai.OpenAI:
    import openai

    return openai.OpenAI(base_url=url, api_key=key, timeout=300, max_retries=2)
