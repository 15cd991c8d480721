"""Every recorded log becomes exactly the conversation in golden/, and its sound lies where it was heard.

After a change on purpose: `python -m tests.pure.traces.test_realtime_golden` writes golden/ anew; read the difference.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from evalhub.models import ToolCall
from evalhub.traces.formats import openai_realtime
from evalhub.traces.formats.realtime.stages import in_tools
from tests.pure.traces.samples import GOLDEN, REALTIME, told


def read(log: Path) -> dict[str, Any]:
    return told(openai_realtime.parse(log.read_bytes(), None))


def golden(log: Path) -> Path:
    return GOLDEN / f"{log.parent.name}.json"


@pytest.mark.parametrize("log", REALTIME, ids=lambda log: log.parent.name)
def test_a_recorded_log_is_read_as_always(log: Path) -> None:
    assert read(log) == json.loads(golden(log).read_text())


@pytest.mark.parametrize("log", REALTIME, ids=lambda log: log.parent.name)
def test_usage_is_counted_once(log: Path) -> None:
    conversation = read(log)["conversation"]
    spent = sum(span["attributes"].get("usage", {}).get("total_tokens", 0) for span in conversation["spans"])
    counted = [row for row in conversation["usage"] if "transcription" not in row["id"] and "tokens" in row["meter"]]
    assert sum(row["quantity"] for row in counted) == spent


@pytest.mark.parametrize(("name", "answers"), [("agents-sdk-websocket", 2), ("beta-g711-har", 2), ("webrtc-sip", 0)])
def test_the_time_before_an_answer_is_explained_where_the_log_has_times(name: str, answers: int) -> None:
    """End of turn, model and tools add up to the wait; a speaker begins a moment after the first sound came."""
    [log] = [log for log in REALTIME if log.parent.name == name]
    call = openai_realtime.parse(log.read_bytes(), None).conversations[0]
    waits = {
        agent.id: agent.start_ms - caller.end_ms
        for caller, agent in pairwise(call.turns)
        if (caller.speaker, agent.speaker) == ("caller", "agent") and agent.start_ms is not None
    }
    told = {turn_id: sum(one.ms for one in call.stage_timings if one.turn_id == turn_id) for turn_id in waits}
    assert told == {turn_id: pytest.approx(wait, abs=60) for turn_id, wait in waits.items()}
    assert len(waits) == answers


def test_tools_at_the_same_time_are_waited_for_once() -> None:
    tools = [ToolCall(id=str(n), name="f", turn_id="a", start_ms=100 + n, end_ms=200 + n) for n in (0, 50)]
    assert in_tools(tools, 0, 240) == 140


if __name__ == "__main__":
    for log in REALTIME:
        golden(log).write_text(json.dumps(read(log), indent=1, ensure_ascii=False) + "\n")
