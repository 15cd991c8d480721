"""Every recorded log becomes exactly the conversation in golden/, and its sound lies where it was heard.

After a change on purpose: `python -m tests.pure.traces.test_realtime_golden` writes golden/ anew; read the difference.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from evalhub.traces.formats import ParsedAudio, openai_realtime
from evalhub.traces.formats.native_dump import dump
from tests.pure.traces.samples import GOLDEN, REALTIME


def told(log: Path) -> dict[str, Any]:
    """What a log says, as JSON that a person can read."""
    parsed = openai_realtime.parse(log.read_bytes(), None)
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


def golden(log: Path) -> Path:
    return GOLDEN / f"{log.parent.name}.json"


@pytest.mark.parametrize("log", REALTIME, ids=lambda log: log.parent.name)
def test_a_recorded_log_is_read_as_always(log: Path) -> None:
    assert told(log) == json.loads(golden(log).read_text())


@pytest.mark.parametrize("log", REALTIME, ids=lambda log: log.parent.name)
def test_usage_is_counted_once(log: Path) -> None:
    conversation = told(log)["conversation"]
    spent = sum(span["attributes"].get("usage", {}).get("total_tokens", 0) for span in conversation["spans"])
    counted = [row for row in conversation["usage"] if "transcription" not in row["id"] and "tokens" in row["meter"]]
    assert sum(row["quantity"] for row in counted) == spent


if __name__ == "__main__":
    for log in REALTIME:
        golden(log).write_text(json.dumps(told(log), indent=1, ensure_ascii=False) + "\n")
