"""Tone and voice turn by turn, on tracks whose pitch is known."""

from pathlib import Path

import numpy as np
import pytest

from evalhub.audio.delivery import Delivery
from evalhub.models import PromptVersion, Score
from tests.pure.audio.calls import AGENT, SECONDS, clean_tracks, make_call, make_turns, scores
from tests.pure.audio.sound import Pitch, lively, steady, track

FLAT, ALIVE = steady(140), lively(140, 3.5)
UPBEAT = PromptVersion(voice_style={"expressiveness": "high"})
AGENT_TURNS = [turn.id for turn in make_turns() if turn.speaker == "agent"]


def agent_track(*pitches: Pitch) -> np.ndarray:
    """The usual agent, each turn with a pitch of its own."""
    pieces = [track(SECONDS, [one], seed=2, pitch=pitch) for one, pitch in zip(AGENT, pitches, strict=True)]
    return np.sum(pieces, axis=0)


def by_turn(path: Path, metric: str, *pitches: Pitch, **fields: object) -> dict[str, Score]:
    rows = scores(Delivery(), make_call(path, clean_tracks()[0], agent_track(*pitches), **fields))
    return {row.subject_id: row for row in rows if row.metric == metric and row.subject_type == "turn"}


def test_the_one_flat_turn_fails_where_the_style_asks_for_life(tmp_path: Path) -> None:
    rows = by_turn(tmp_path / "a.wav", "expressiveness", ALIVE, ALIVE, FLAT, ALIVE, ALIVE, prompt=UPBEAT)
    flat = AGENT_TURNS[2]
    assert {turn for turn, row in rows.items() if row.verdict == "fail"} == {flat}
    assert rows[flat].label["away"] < -0.5
    assert "from this voice's usual" in (rows[flat].explanation or "")
    [where] = rows[flat].evidence
    assert where["start_ms"] == pytest.approx(AGENT[2][0], abs=120)


def test_without_a_style_a_turn_has_a_place_and_no_verdict(tmp_path: Path) -> None:
    rows = by_turn(tmp_path / "a.wav", "expressiveness", *[ALIVE] * 5)
    assert {row.verdict for row in rows.values()} == {None}
    assert rows[AGENT_TURNS[2]].value == pytest.approx((3.5 - 0.5) / 4, abs=0.1)


def test_utterances_without_turns_are_named_by_their_time(tmp_path: Path) -> None:
    rows = by_turn(tmp_path / "a.wav", "expressiveness", *[ALIVE] * 5, turns=[])
    assert all(name.startswith("agent@") for name in rows)
    assert len(rows) == 5


def test_another_voice_drifts_and_the_same_voice_does_not(tmp_path: Path) -> None:
    high = lively(230, 2.0)
    same = lively(140, 2.0)
    rows = by_turn(tmp_path / "a.wav", "voice_drift", same, same, high, same, same)
    assert AGENT_TURNS[0] not in rows
    assert rows[AGENT_TURNS[2]].value > 3 > 1 > max(rows[AGENT_TURNS[at]].value for at in (1, 3))
    assert "+8." in (rows[AGENT_TURNS[2]].explanation or "")  # 12 log2(230 / 140) = 8.6 semitones


def test_the_call_has_the_most_of_its_turns(tmp_path: Path) -> None:
    same, high = lively(140, 2.0), lively(180, 2.0)
    call = make_call(tmp_path / "a.wav", clean_tracks()[0], agent_track(same, same, high, same, same))
    rows = [row for row in scores(Delivery(), call) if row.metric == "voice_drift"]
    [whole] = [row for row in rows if row.subject_type == "conversation"]
    assert whole.value == max(row.value for row in rows if row.subject_type == "turn")


def test_one_turn_says_nothing_of_drift(tmp_path: Path) -> None:
    agent = track(SECONDS, AGENT[:1], seed=2, pitch=ALIVE)
    rows = scores(Delivery(), make_call(tmp_path / "a.wav", clean_tracks()[0], agent))
    [row] = [row for row in rows if row.metric == "voice_drift"]
    assert (row.value, row.reason) == (
        None,
        "not measurable: fewer than two agent turns with a second of voiced speech",
    )
