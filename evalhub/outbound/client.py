"""An httpx client on connections that the guard makes, and downloads with it.

The connection goes to the very address that was looked at, so that a name that changes its mind in between leads
nowhere (DNS rebinding). Redirects go the same way. Bytes and time are capped as a whole.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from evalhub.errors import Unreached
from evalhub.outbound.guard import Guard

BLOCK = 1 << 18
SECONDS = 900.0
SILENCE_S = 30.0
"""of a server that sends nothing"""
REDIRECTS = 5
AGAIN = frozenset({404, 408, 409, 425, 429})
"""refusals that may pass, beside the server's own faults; a recording is often linked before it is there"""


@contextmanager
def download(
    guard: Guard, url: str, *, limit: int, auth: tuple[str, str] | None = None, seconds: float = SECONDS
) -> Iterator[Iterator[bytes]]:
    """The bytes at an address, block by block, at most `limit` of them and within `seconds` in all.

    `auth`: a name and password, for this server alone: where it leads on to another one, they are not sent.

    Raises:
        Unreached: what was asked for cannot be had, with the reason, and whether trying again may help.
    """
    with _told(), guarded_client(guard, seconds) as client, client.stream("GET", url, auth=auth) as response:
        _check_status(response)
        yield _capped(response, limit)


def guarded_client(guard: Guard, seconds: float = SECONDS) -> httpx.Client:
    """A client whose every request goes through the guard, and that stops after so many seconds."""
    return httpx.Client(
        transport=_Guarded(guard, time.monotonic() + seconds),
        event_hooks={"request": [lambda request: guard.check_url(request.url)]},  # of every redirect, too
        follow_redirects=True,
        max_redirects=REDIRECTS,
        trust_env=False,
        timeout=SILENCE_S,
        headers={"User-Agent": "evalhub", "Accept-Encoding": "identity"},
    )


@contextmanager
def _told() -> Iterator[None]:
    """Faults of the network, in words."""
    try:
        yield
    except httpx.TooManyRedirects as error:
        raise Unreached(f"it leads on more than {REDIRECTS} times") from error
    except httpx.TimeoutException as error:
        raise Unreached("it took too long", again=True) from error
    except httpx.TransportError as error:
        raise Unreached(f"the connection failed ({error or type(error).__name__})", again=True) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
        raise Unreached("it is no address") from error


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status != 200:
        raise Unreached(f"{response.url.host} answered {status}", again=status in AGAIN or status >= 500)


def _capped(response: httpx.Response, limit: int) -> Iterator[bytes]:
    total = 0
    with _told():
        for block in response.iter_raw(BLOCK):
            total += len(block)
            if total > limit:
                raise Unreached(f"it is larger than {limit:,} bytes")
            yield block


class _Guarded(httpx.HTTPTransport):
    """httpx on connections that the guard makes."""

    def __init__(self, guard: Guard, until: float) -> None:
        backend = _Backend(guard, until)
        self._pool = httpcore.ConnectionPool(ssl_context=httpx.create_ssl_context(), network_backend=backend)


class _Backend(httpcore.NetworkBackend):
    """Connects to addresses that were looked at; TLS still asks for the name."""

    def __init__(self, guard: Guard, until: float) -> None:
        self.guard, self.until, self.system = guard, until, httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *rest: Any, **more: Any) -> Any:
        address = self.guard.look_up(host, port)
        stream = self.system.connect_tcp(address, port, _left(timeout, self.until), *rest, **more)
        return _Timed(stream, self.until)


class _Timed(httpcore.NetworkStream):
    """A connection that ends at a time, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self.stream, self.until = stream, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _left(timeout, self.until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _left(timeout, self.until))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Any:
        return _Timed(self.stream.start_tls(ssl_context, server_hostname, _left(timeout, self.until)), self.until)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _left(timeout: float | None, until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("out of time")
    return min(left, timeout or left)
