"""A stand-in for the Realtime API that says what a recorded session's server said, when it said it; and a telephone."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from websockets.asyncio.server import ServerConnection, serve

from tests.pure.traces.samples import SAMPLES

LOG = SAMPLES / "openai_realtime" / "agents-sdk-websocket" / "ga_ws_agents_sdk.envelope.jsonl"
SCRIPT = [json.loads(line) for line in LOG.read_text().splitlines()]
ZERO = SCRIPT[0]["t"]
UNTIL = 199
"""the entry of the script before the silence at its end"""
RATE = 24_000
PAUSE_S = 0.1
"""the recorded caller was silent for longer than this"""


def said_by(side: str) -> list[tuple[float, dict[str, Any]]]:
    """(seconds from the beginning, event) of the server or the client of the recorded session."""
    return [(entry["t"] - ZERO, entry["event"]) for entry in SCRIPT[:UNTIL] if entry["dir"] == side]


@asynccontextmanager
async def realtime_api() -> AsyncIterator[str]:
    """Its address."""

    async def session(connection: ServerConnection) -> None:
        reading = asyncio.create_task(_swallow(connection))
        began = time.monotonic()
        for at, event in said_by("server"):
            await asyncio.sleep(began + at - time.monotonic())
            await connection.send(json.dumps(event))
        await reading

    async with serve(session, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _swallow(connection: ServerConnection) -> None:
    async for _ in connection:
        pass


def from_base64(text: str) -> bytes:
    return base64.b64decode(text)


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Telephone:
    """The caller's end: a microphone and a speaker that keep what went through them on the wall clock."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.sides = {side: np.zeros(12 * RATE, np.int16) for side in ("caller", "agent")}
        self.free = 0
        self.item: str | None = None
        self.item_began = 0

    async def speak(self, send: Any) -> None:
        """Everything the recorded caller said, each piece sent when its last sample was spoken."""
        due = 0.0
        for at, audio in [(at, event["audio"]) for at, event in said_by("client") if "audio" in event]:
            pcm = from_base64(audio)
            seconds = len(pcm) / 2 / RATE
            due = due + seconds if at - due - seconds < PAUSE_S else at  # a microphone does not stutter
            self._keep("caller", round((due - seconds) * RATE), pcm)
            await asyncio.sleep(self.began + due - time.monotonic())
            await send(pcm)

    @property
    def plays(self) -> bool:
        return self.free > self.now()

    def play(self, pcm: bytes, item: str | None = None) -> None:
        self.free = max(self.free, self.now())
        if item != self.item:
            self.item, self.item_began = item, self.free
        self._keep("agent", self.free, pcm)
        self.free += len(pcm) // 2

    def stop(self) -> int:
        """What waits in the speaker is thrown away. Returns how many ms of the item were heard."""
        now = self.now()
        self.sides["agent"][now:] = 0
        self.free = min(self.free, now)
        return round((self.free - self.item_began) / RATE * 1000)

    def now(self) -> int:
        return round((time.monotonic() - self.began) * RATE)

    def _keep(self, side: str, start: int, pcm: bytes) -> None:
        samples = np.frombuffer(pcm, np.int16)
        start = max(0, start)
        self.sides[side][start : start + len(samples)] = samples

    def heard(self) -> np.ndarray:
        """Both sides as the ear at the telephone had them: caller left, agent right."""
        return np.stack([self.sides["caller"], self.sides["agent"]], axis=1)
