"""Recorder of a bare websocket to the Realtime API, as `websockets` opens it.

    async with websockets.connect(url, additional_headers=headers) as plain:
        websocket = Recorded(plain, "call-0042")
        ...                              # send, recv and `async for` as before
        websocket.call.close()           # or by itself, when the connection ends

With another library, make a `RealtimeCall`, tell it `sent(text)` and `received(text)`, and `close()` it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from .realtime import RealtimeCall


class Recorded:
    """The same websocket, recorded."""

    def __init__(self, websocket: Any, conversation_id: str | None = None, **where: Any):
        self._websocket, self.call = websocket, RealtimeCall(conversation_id, **where)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._websocket, name)

    async def send(self, message: Any, *args: Any, **options: Any) -> None:
        self.call.sent(message)
        await self._websocket.send(message, *args, **options)

    async def recv(self, *args: Any, **options: Any) -> Any:
        try:
            message = await self._websocket.recv(*args, **options)
        except Exception:
            self.call.close()
            raise
        self.call.received(message)
        return message

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            async for message in self._websocket:
                self.call.received(message)
                yield message
        except Exception:
            self.call.close()
            raise
        self.call.close()

    async def close(self, *args: Any, **options: Any) -> None:
        self.call.close()
        await self._websocket.close(*args, **options)
