"""Recorder of a `RealtimeSession` of the OpenAI Agents SDK.

    runner = RealtimeRunner(agent, model=RecordedModel("call-0042"))

The call is sent when the session closes. What was played is what a `RealtimePlaybackTracker` says, where the session
has one; else sound counts as played as soon as it comes and there is time for it.
"""

from __future__ import annotations

import base64
from typing import Any

from agents.realtime import (
    OpenAIRealtimeWebSocketModel,
    RealtimeModelConfig,
    RealtimeModelEvent,
    RealtimeModelListener,
    RealtimeModelSendAudio,
    RealtimeModelSendEvent,
    RealtimeModelSendToolOutput,
)

from .realtime import RealtimeCall


class RecordedModel(OpenAIRealtimeWebSocketModel, RealtimeModelListener):
    """The model that sessions use, recorded; one for each session."""

    def __init__(self, conversation_id: str | None = None, *, transport_config: Any = None, **where: Any):
        super().__init__(transport_config=transport_config)
        self.call = RealtimeCall(conversation_id, **where)
        self.add_listener(self)

    async def connect(self, options: RealtimeModelConfig) -> None:
        if tracker := options.get("playback_tracker"):
            plain = tracker.on_play_ms

            def on_play_ms(item_id: str, item_content_index: int, ms: float) -> None:
                self.call.played(item_id, ms)
                plain(item_id, item_content_index, ms)

            tracker.on_play_ms = on_play_ms  # type: ignore[method-assign]
        await super().connect(options)

    async def on_event(self, event: RealtimeModelEvent) -> None:
        if event.type == "raw_server_event":
            self.call.received(event.data)

    async def send_event(self, event: RealtimeModelSendEvent) -> None:
        if isinstance(event, RealtimeModelSendAudio):
            self.call.sent({"type": "input_audio_buffer.append", "audio": base64.b64encode(event.audio).decode()})
        elif isinstance(event, RealtimeModelSendToolOutput):
            item = {"type": "function_call_output", "call_id": event.tool_call.call_id, "output": event.output}
            self.call.sent({"type": "conversation.item.create", "item": item})
        await super().send_event(event)

    async def close(self) -> None:
        self.call.close()
        await super().close()
