"""Files that several tests of the formats read."""

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from evalhub.models import Conversation
from evalhub.traces.formats import Parsed, ParsedAudio
from evalhub.traces.formats.native_dump import dump

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "sample_traces"
GOLDEN = Path(__file__).resolve().parent / "golden"
REALTIME = sorted((SAMPLES / "openai_realtime").rglob("*.jsonl"))
NATIVE = sorted((SAMPLES / "native").rglob("*.json"))
PLATFORMS = ("vapi", "retell", "twilio", "twilio_media_stream", "twilio_conversation_relay")
REQUEST = "request.json"
"""beside the body of a webhook: how it was sent and signed"""
REPORTS = sorted(
    path for name in PLATFORMS for path in (SAMPLES / name).rglob("*.*") if path.is_file() and path.name != REQUEST
)


def example() -> bytes:
    """The conversation that the format's own page shows."""
    page = (ROOT / "docs" / "native-format.md").read_text()
    found = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert found
    return found[1].encode()


def told(parsed: Parsed) -> dict[str, Any]:
    """What a body says, as JSON that a person can read."""
    [conversation] = parsed.conversations
    return {
        "conversation": dump(conversation),
        "warnings": conversation.warnings,
        "ended": parsed.ended,
        "audio": [sound(audio) for audio in parsed.audio],
    }


def sound(audio: ParsedAudio) -> dict[str, Any]:
    length = len(audio.data) / 2 / (audio.rate or 1)
    facts = {"track": audio.track, "rate": audio.rate, "offset_ms": audio.offset_ms, "length_ms": round(length * 1000)}
    return facts | {"sha256": sha256(audio.data).hexdigest()[:16]}


def facts(conversation: Conversation) -> dict[str, Any]:
    """Everything a conversation holds, for comparing two of them."""
    lists = ("turns", "tool_calls", "handoffs", "guardrail_trips", "stage_timings", "usage", "feedback", "spans")
    whole = columns(conversation) | {"prompt": columns(conversation.prompt) if conversation.prompt else None}
    for name in (*lists, "recordings"):
        whole[name] = [columns(item) for item in getattr(conversation, name)]
    return whole


def columns(item: Any) -> dict[str, Any]:
    keys = [attribute.key for attribute in type(item).__mapper__.column_attrs]
    return {key: item.__dict__.get(key) for key in keys if key != "warnings"}
