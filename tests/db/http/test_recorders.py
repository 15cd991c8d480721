"""The recorders inside of real clients, against the running server: what was played is what is stored."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import websockets
from agents import function_tool
from agents.realtime import RealtimeAgent, RealtimeRunner
from flask import Flask
from sqlalchemy.orm import Session

from evalhub.audio.measure import measure
from evalhub.models import Conversation, Project
from evalhub.recorders.agents_sdk import RecordedModel
from evalhub.recorders.websocket import Recorded
from evalhub.services import Services
from evalhub.traces.queries import load_conversation
from tests.db.http.conftest import Cast
from tests.realtime_service import RATE, Telephone, from_base64, in_base64, realtime_api, said_by
from tests.serving import serving

pytestmark = pytest.mark.db
WITHIN_MS = 60
LAST = said_by("server")[-1][1]["event_id"]


@pytest.fixture
def where(app: Flask, cast: Cast) -> Iterator[dict[str, str]]:
    """Address and key, as a recorder takes them."""
    with serving(app) as address:
        yield {"url": address, "api_key": cast.keys["ingest"]}


@function_tool
def find_slots(day: str, service: str) -> str:
    return json.dumps({"day": day, "slots": [{"id": "s-1430"}, {"id": "s-1500"}]})


@function_tool
def book_slot(slot_id: str, phone: str) -> str:
    return json.dumps({"ok": slot_id == "s-1500"})


async def talk_with_agents_sdk(where: dict[str, str]) -> Telephone:
    booking = RealtimeAgent(name="Booking agent", instructions="You book.", tools=[find_slots, book_slot])
    front = RealtimeAgent(name="Front desk", instructions="Greet and hand off.", handoffs=[booking])
    model = RecordedModel("call-1", **where)
    async with realtime_api() as url:
        session = await RealtimeRunner(front, model=model).run(model_config={"url": url, "api_key": "none"})
        async with session:
            telephone = Telephone()
            speaking = asyncio.create_task(telephone.speak(session.send_audio))
            async for event in session:
                if event.type == "audio":
                    telephone.play(event.audio.data)
                elif event.type == "audio_interrupted":
                    telephone.stop()
                elif event.type == "raw_model_event" and _is_last(event.data):
                    break
            await speaking
            telephone.stop()
    model.call.close(wait_s=30)
    return telephone


def _is_last(event: Any) -> bool:
    return event.type == "raw_server_event" and event.data.get("event_id") == LAST


async def talk_over_a_bare_websocket(where: dict[str, str]) -> Telephone:
    """A client that stops its speaker when it hears the caller, and says how much was heard."""
    async with realtime_api() as url, websockets.connect(url) as plain:
        websocket, telephone = Recorded(plain, "call-1", **where), Telephone()

        async def send(pcm: bytes) -> None:
            await websocket.send(json.dumps({"type": "input_audio_buffer.append", "audio": in_base64(pcm)}))

        speaking = asyncio.create_task(telephone.speak(send))
        async for message in websocket:
            event = json.loads(message)
            if event["type"] == "response.output_audio.delta":
                telephone.play(from_base64(event["delta"]), event["item_id"])
            elif event["type"] == "input_audio_buffer.speech_started" and telephone.plays:
                heard = {"item_id": telephone.item, "content_index": 0, "audio_end_ms": telephone.stop()}
                await websocket.send(json.dumps({"type": "conversation.item.truncate"} | heard))
            elif event.get("event_id") == LAST:
                break
        await speaking
        telephone.stop()
        websocket.call.close(wait_s=30)
    return telephone


@pytest.mark.parametrize("talk", [talk_with_agents_sdk, talk_over_a_bare_websocket])
def test_what_was_played_is_stored(
    talk: Callable[..., Any],
    where: dict[str, str],
    services: Services,
    session: Session,
    project: Project,
    parse: Callable[[], int],
    tmp_path: Path,
) -> None:
    telephone = asyncio.run(talk(where))
    parse()
    call = load_conversation(session, project.id, "call-1")
    played = tmp_path / "played.wav"
    soundfile.write(played, telephone.heard(), RATE)
    [recording] = call.recordings
    sound = services.audio.path(project.id, str(recording.sha256))
    told, stored = measure(played), measure(sound)
    for channel, side in enumerate(("caller", "agent")):
        heard, kept = (sounding(path, channel) for path in (played, sound))
        assert kept == [pytest.approx(interval, abs=WITHIN_MS) for interval in heard], side
    for latency in ("turn_latency_ms.p50", "turn_latency_ms.p90"):
        assert stored["turn_taking"][latency] == pytest.approx(told["turn_taking"][latency], abs=WITHIN_MS)
    check_turns(call)
    starts = [turn.start_ms - (recording.offset_ms or 0) for turn in call.turns if turn.speaker == "agent"]
    first_sounds = [start for start, _ in stored["tracks"]["agent"]["voiced_ms"]]
    assert starts[0] == pytest.approx(first_sounds[0], abs=150)  # the voice begins a little after its sound


def sounding(path: Path, channel: int) -> list[list[float]]:
    """From when to when a channel is not silent, in ms from the caller's first sound; pauses under 100 ms count."""
    both, rate = soundfile.read(path, dtype="int16")
    zero = np.flatnonzero(both[:, 0])[0]
    at = np.flatnonzero(both[:, channel])
    gaps = np.flatnonzero(np.diff(at) > rate / 10)
    edges = zip([at[0], *at[gaps + 1]], [*at[gaps], at[-1]], strict=True)
    return [[(start - zero) / rate * 1000, (end - zero) / rate * 1000] for start, end in edges]


def check_turns(call: Conversation) -> None:
    """The words, the interruption and the tools are those of the events; the recording is the only one."""
    assert [(turn.speaker, turn.text, turn.interrupted) for turn in call.turns] == [
        ("caller", "Hi, I'd like to book a tune up for Thursday.", None),
        ("agent", "Let me check Thursday for you.", False),
        ("agent", "You are", True),
        ("caller", "Wait, make it Friday.", None),
        ("agent", "Okay, I moved it to Friday at nine.", False),
    ]
    assert [tool.name for tool in call.tool_calls][1:] == ["find_slots", "book_slot", "book_slot"]
    assert call.state == "ended"
