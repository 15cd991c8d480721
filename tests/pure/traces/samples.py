"""Files that several tests of the formats read."""

import re
from pathlib import Path
from typing import Any

from evalhub.models import Conversation

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "sample_traces"
GOLDEN = Path(__file__).resolve().parent / "golden"
REALTIME = sorted((SAMPLES / "openai_realtime").rglob("*.jsonl"))
NATIVE = sorted((SAMPLES / "native").rglob("*.json"))


def example() -> bytes:
    """The conversation that the format's own page shows."""
    page = (ROOT / "docs" / "native-format.md").read_text()
    found = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert found
    return found[1].encode()


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
