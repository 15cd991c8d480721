"""A server as a sender sees it: requests that are tried again when it asks for that, and errors in plain words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NoReturn, Self
from urllib.parse import urlsplit

import httpx

from evalhub.errors import BadInput, Problem, SetupError

AGAIN = frozenset({429, 502, 503, 504})
TRIES = 6
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 60.0
BLOCK = 1 << 18
TIMEOUT = httpx.Timeout(300, connect=10)
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass
class Server:
    """An evalhub server and a key for it. Close it after use, or use it in a `with`."""

    url: str
    api_key: str
    sleep: Callable[[float], None] = time.sleep
    transport: httpx.BaseTransport | None = None
    on_bytes: Callable[[int], None] = lambda _: None
    """told of the bytes that went out; of a second try again with minus first"""
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise SetupError(f"{self.url!r} is no address of a server.", "Set EVALHUB_URL, e.g. http://127.0.0.1:8390.")
        self.client = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.api_key}"},
            timeout=TIMEOUT,
            transport=self.transport,
            trust_env=urlsplit(self.url).hostname not in LOOPBACK,  # no proxy leads to this very machine
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def post(self, path: str, body: bytes, media_type: str = "application/json") -> dict[str, Any]:
        """Post a body; returns the JSON of the answer.

        Raises:
            BadInput: the server refuses the body; holds what it says is wrong.
            SetupError: the server cannot be reached, is not well, or does not know the key.
        """
        headers = {"Content-Type": media_type}
        response = self._tried(lambda: self.client.post(path, content=body, headers=headers))
        self.on_bytes(len(body))
        return _json(response)

    def put_file(self, path: str, file: Path, params: dict[str, str], headers: dict[str, str]) -> None:
        """Stream a file. Raises as `post`."""
        size = {"Content-Length": str(file.stat().st_size)}

        def put() -> httpx.Response:
            return self.client.put(path, params=params, content=self._blocks(file), headers=headers | size)

        self._tried(put)

    def _blocks(self, file: Path) -> Iterator[bytes]:
        sent = 0
        try:
            with file.open("rb") as opened:
                while block := opened.read(BLOCK):
                    yield block
                    sent += len(block)
                    self.on_bytes(len(block))
        except GeneratorExit:  # the other side hung up: all of it goes out again
            self.on_bytes(-sent)
            raise

    def _tried(self, request: Callable[[], httpx.Response]) -> httpx.Response:
        for attempt in range(TRIES):
            wait = min(FIRST_WAIT_S * 2**attempt, LONGEST_WAIT_S)
            try:
                response = request()
            except httpx.TransportError as error:
                if attempt == TRIES - 1 or isinstance(error, httpx.ConnectError):
                    raise SetupError(f"Cannot reach {self.url}: {error}.", "Is it running? Set EVALHUB_URL.") from error
            else:
                if response.status_code not in AGAIN or attempt == TRIES - 1:
                    return response if response.is_success else _refuse(response, self.url)
                wait = _retry_after(response, wait)
            self.sleep(wait)
        raise AssertionError  # the last attempt returns or raises


def _retry_after(response: httpx.Response, otherwise: float) -> float:
    """Seconds to wait, as the server asks for: a number of seconds or a date."""
    asked = response.headers.get("Retry-After", "")
    if asked.isdigit():
        return min(float(asked), LONGEST_WAIT_S)
    try:
        wait = (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
        return min(max(wait, 0.0), LONGEST_WAIT_S)
    except (ValueError, TypeError):
        return otherwise


def _refuse(response: httpx.Response, url: str) -> NoReturn:
    said = _json(response)
    detail = str(said.get("detail") or said.get("title") or response.reason_phrase)
    if response.status_code in (401, 403):
        raise SetupError(f"{url} does not take this API key: {detail}", "Set EVALHUB_API_KEY, or give --api-key.")
    if response.status_code == 404 or response.status_code >= 500:
        mend = (
            "Is this the address of evalhub?" if response.status_code == 404 else "Its log says more; try again later."
        )
        raise SetupError(f"{url} answers {response.status_code}: {detail}", mend)
    errors = [error for error in said.get("errors") or [] if isinstance(error, dict)]
    problems = [Problem(*(str(error.get(key, "")) for key in ("path", "expected", "got"))) for error in errors]
    raise BadInput(f"{detail} ({response.status_code})", problems)


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
