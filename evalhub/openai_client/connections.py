"""Asking a model server from an event loop: connections that many questions share, one POST, its failures sorted.

Requests go through the client's `post`, not through its typed methods: walking a request's types costs those 3 ms of
CPU each, more than all the rest of judging a call (bench/judge.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from evalhub.openai_client import batched
from evalhub.openai_client.failures import OPENAI_URL, ModelError, refused, unreachable
from evalhub.settings import Settings

if TYPE_CHECKING:
    import httpx2
    import openai

Clients = dict[tuple[str, str], "openai.AsyncOpenAI"]
_clients: ContextVar[Clients] = ContextVar("clients")


@dataclass(frozen=True)
class Answered:
    """The JSON object a server answered with, and the name it gave the request."""

    data: dict[str, Any]
    request_id: str | None


@asynccontextmanager
async def connections() -> AsyncIterator[None]:
    """Keep connections open and share them among everything asked inside; inside another one, share those."""
    if _clients.get(None) is not None:
        yield
        return
    clients: Clients = {}
    token = _clients.set(clients)
    try:
        yield
    finally:
        _clients.reset(token)
        for client in clients.values():
            await client.close()


async def post(settings: Settings, path: str, body: Mapping[str, Any], *, timeout_s: float) -> Answered:
    """Send one request and never retry it: the queue does.

    Raises:
        Blocked: the key, the model or the credit has to be mended by a person.
        Retryable: rate limited (not before its Retry-After), server error, time-out, not reachable.
        ModelError: turned down for good (`TooLong`, `Unsupported` where it says so), or the answer is no JSON object.
    """
    import httpx2
    import openai

    if (by_batch := batched.current()) and path in batched.PATHS:
        return Answered(by_batch.take(path, body), None)
    async with connections():
        try:
            response = await _client(settings).post(
                path, content=orjson.dumps(body), cast_to=httpx2.Response, options={"timeout": timeout_s}
            )
        except openai.APIConnectionError as error:
            raise unreachable(error, settings, timeout_s) from None
        except openai.APIStatusError as error:
            raise refused(error, body["model"]) from None
    return Answered(_object(response), response.headers.get("x-request-id"))


def _client(settings: Settings) -> openai.AsyncOpenAI:
    import openai

    clients = _clients.get()
    url, key = settings.judge_url or OPENAI_URL, settings.judge_api_key or "none"
    if (url, key) not in clients:
        clients[url, key] = openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0)
    return clients[url, key]


def _object(response: httpx2.Response) -> dict[str, Any]:
    try:
        data = orjson.loads(response.content)
    except orjson.JSONDecodeError as error:
        raise ModelError(f"judge's server answered something that is no JSON ({error})") from None
    if not isinstance(data, dict):
        raise ModelError(f"judge's server answered something that is no JSON object: {str(data)[:200]!r}")
    return data
