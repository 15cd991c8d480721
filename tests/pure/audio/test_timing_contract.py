"""Times measured from sound lie within the contract of the times that made the sound: over noise, rates and codecs."""

from pathlib import Path
from typing import NamedTuple

import pytest

from evalhub.audio.findings import Finding
from evalhub.audio.recording_check import findings_of
from evalhub.audio.turn_taking import TurnTaking
from evalhub.evaluators import run
from evalhub.models import Score
from tests.factories import make_conversation, make_recording
from tests.pure.audio.calls import make_context
from tests.pure.audio.made_calls import MadeCall, made_call, write_call

WITHIN_LATENCY_MS, WITHIN_YIELD_MS = 60, 100
OFTEN = 0.95
CALLS = 8
pytestmark = pytest.mark.xdist_group("made_calls")
"""the calls of a line are made and measured once"""
LINES = [(8_000, "PCM_16"), (8_000, "ULAW"), (24_000, "PCM_16"), (24_000, "ULAW")]


class Heard(NamedTuple):
    """A made call, what was measured of it, and what its recording check found."""

    call: MadeCall
    rows: list[Score]
    findings: list[Finding]


def heard(call: MadeCall, path: Path) -> Heard:
    conversation, context = make_conversation(recordings=[make_recording(path=str(path))]), make_context()
    outcome = run(TurnTaking(), conversation, context)
    return Heard(call, outcome.scores, findings_of(conversation, context))


def values(rows: list[Score], metric: str) -> list[float]:
    found = [row for row in rows if row.metric == metric and row.subject_type == "turn" and row.value is not None]
    return [row.value for row in sorted(found, key=lambda row: row.evidence[0]["start_ms"])]


def share_within(found: list[float], true: list[int], within_ms: int) -> float:
    assert len(found) == len(true)
    return sum(abs(one - other) <= within_ms for one, other in zip(found, true, strict=True)) / len(true)


@pytest.fixture(scope="module", params=LINES, ids=lambda line: f"{line[0]} Hz {line[1]}")
def calls(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Heard]:
    rate, subtype = request.param
    folder, made = tmp_path_factory.mktemp("calls"), [made_call(seed) for seed in range(CALLS)]
    return [heard(call, write_call(folder / "a.wav", call, rate=rate, subtype=subtype)) for call in made]


def test_turn_latency_is_within_60_ms_for_95_percent(calls: list[Heard]) -> None:
    true = [ms for one in calls for ms in one.call.latencies]
    found = [ms for one in calls for ms in values(one.rows, "turn_latency_ms")]
    assert len(true) == 12 * CALLS
    assert share_within(found, true, WITHIN_LATENCY_MS) >= OFTEN


def test_yield_is_within_100_ms_for_95_percent(calls: list[Heard]) -> None:
    true = [ms for one in calls for ms in one.call.yields]
    found = [ms for one in calls for ms in values(one.rows, "yield_ms")]
    assert len(true) == 2 * CALLS
    assert share_within(found, true, WITHIN_YIELD_MS) >= OFTEN


def test_a_clean_recording_raises_nothing(calls: list[Heard]) -> None:
    assert [one.findings for one in calls] == [[]] * CALLS
