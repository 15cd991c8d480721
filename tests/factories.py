"""Factories: things with sane defaults, of which a test says only what it is about."""

from datetime import UTC, datetime
from typing import Any

from evalhub.models import Conversation, Recording, ToolCall, Turn


def make_turn(**overrides: Any) -> Turn:
    fields = {"id": "t1", "speaker": "agent", "start_ms": 0, "end_ms": 1000, "text": "Hello, how can I help?"}
    return Turn(**(fields | overrides))


def make_tool_call(**overrides: Any) -> ToolCall:
    fields = {"id": "c1", "name": "find_order", "arguments": {"order_id": "A12345"}, "status": "completed"}
    return ToolCall(**(fields | overrides))


def make_recording(**overrides: Any) -> Recording:
    fields = {"track": "stereo", "channels": ["caller", "agent"], "offset_ms": 0}
    return Recording(**(fields | overrides))


def make_conversation(**overrides: Any) -> Conversation:
    fields = {
        "id": "call-1",
        "started_at": datetime(2026, 11, 1, 10, tzinfo=UTC),
        "duration_ms": 10_000,
        "origin": "production",
        "agent_name": "returns-desk",
        "agent_version": "1",
        "architecture": "chained",
        "state": "ended",
    }
    return Conversation(**(fields | overrides))
