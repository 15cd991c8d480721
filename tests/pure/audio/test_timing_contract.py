"""Times measured from sound lie within the contract of the times that made the sound: over noise, rates and codecs."""

from pathlib import Path

import pytest

from evalhub.audio.turn_taking import TurnTaking
from evalhub.models import Score
from tests.factories import make_conversation, make_recording
from tests.pure.audio.calls import scores
from tests.pure.audio.made_calls import MadeCall, made_call, write_call

WITHIN_LATENCY_MS, WITHIN_YIELD_MS = 60, 100
OFTEN = 0.95
LINES = [(8_000, "PCM_16"), (8_000, "ULAW"), (24_000, "PCM_16"), (24_000, "ULAW")]


def measured(path: Path) -> list[Score]:
    return scores(TurnTaking(), make_conversation(recordings=[make_recording(path=str(path))]))


def values(rows: list[Score], metric: str) -> list[float]:
    found = [row for row in rows if row.metric == metric and row.subject_type == "turn" and row.value is not None]
    return [row.value for row in sorted(found, key=lambda row: row.evidence[0]["start_ms"])]


def share_within(found: list[float], true: list[int], within_ms: int) -> float:
    assert len(found) == len(true)
    return sum(abs(one - other) <= within_ms for one, other in zip(found, true, strict=True)) / len(true)


@pytest.fixture(scope="module", params=LINES, ids=lambda line: f"{line[0]} Hz {line[1]}")
def calls(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[MadeCall, list[Score]]]:
    rate, subtype = request.param
    folder, found = tmp_path_factory.mktemp("calls"), []
    for seed in range(4):
        call = made_call(seed)
        path = write_call(folder / f"{seed}.wav", call, rate=rate, subtype=subtype)
        found.append((call, measured(path)))
    return found


def test_turn_latency_is_within_60_ms_for_95_percent(calls: list[tuple[MadeCall, list[Score]]]) -> None:
    true = [ms for call, _ in calls for ms in call.latencies]
    found = [ms for _, rows in calls for ms in values(rows, "turn_latency_ms")]
    assert len(true) == 48
    assert share_within(found, true, WITHIN_LATENCY_MS) >= OFTEN


def test_yield_is_within_100_ms_for_95_percent(calls: list[tuple[MadeCall, list[Score]]]) -> None:
    true = [ms for call, _ in calls for ms in call.yields]
    found = [ms for _, rows in calls for ms in values(rows, "yield_ms")]
    assert len(true) == 8
    assert share_within(found, true, WITHIN_YIELD_MS) >= OFTEN
