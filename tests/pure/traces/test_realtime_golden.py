"""Every recorded log becomes exactly the conversation in golden/, and its sound lies where it was heard.

After a change on purpose: `python -m tests.pure.traces.test_realtime_golden` writes golden/ anew; read the difference.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from evalhub.traces.formats import openai_realtime
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


if __name__ == "__main__":
    for log in REALTIME:
        golden(log).write_text(json.dumps(read(log), indent=1, ensure_ascii=False) + "\n")
