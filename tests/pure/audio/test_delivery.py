"""Delivery of the agent's track against the style its prompt asks for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalhub.audio.delivery import Delivery
from evalhub.evaluators import run
from evalhub.models import PromptVersion, Recording
from tests.factories import make_conversation, make_recording, make_turn
from tests.pure.audio.calls import AGENT, SECONDS, clean_tracks, make_call, make_context, of_call, scores
from tests.pure.audio.sound import Pitch, lively, steady, track, write

UPBEAT = {"demeanor": "upbeat", "energy": "high", "expressiveness": "high"}
CALM = {"demeanor": "calm and professional", "energy": "low", "expressiveness": "low"}
MONOTONE, LIVELY = steady(140), lively(140, 3.5)


def spoken(path: Path, pitch: Pitch, voice_style: dict[str, str] | None) -> dict[str, Any]:
    agent = track(SECONDS, AGENT, seed=2, pitch=pitch)
    call = make_call(path, clean_tracks()[0], agent, prompt=PromptVersion(voice_style=voice_style))
    return of_call(scores(Delivery(), call))


@pytest.mark.parametrize(
    ("pitch", "style", "verdict"),
    [(MONOTONE, UPBEAT, "fail"), (LIVELY, UPBEAT, "pass"), (MONOTONE, CALM, "pass"), (LIVELY, CALM, "fail")],
)
def test_expressiveness_is_judged_against_the_style(
    tmp_path: Path, pitch: Pitch, style: dict[str, str], verdict: str
) -> None:
    row = spoken(tmp_path / "a.wav", pitch, style)["expressiveness"]
    assert row.verdict == verdict
    assert "pitch spread" in (row.explanation or "")
    assert bool(row.evidence) is (verdict == "fail")


def test_a_style_that_only_asks_for_energy_does_not_accept_a_monotone_voice(tmp_path: Path) -> None:
    rows = spoken(tmp_path / "a.wav", MONOTONE, {"energy": "high"})
    assert (rows["expressiveness"].verdict, rows["energy"].verdict) == ("fail", "fail")


def test_without_a_style_there_are_positions_but_no_verdicts(tmp_path: Path) -> None:
    rows = spoken(tmp_path / "a.wav", LIVELY, None)
    assert {rows[scale].verdict for scale in ("energy", "pace", "expressiveness")} == {None}
    assert rows["expressiveness"].value == pytest.approx((3.5 - 0.5) / 4, abs=0.05)
    assert rows["f0_sd_st"].value == pytest.approx(3.5, abs=0.15)
    assert rows["f0_sd_st"].unit == "semitones"


def test_speech_rate_counts_the_words_that_were_heard(tmp_path: Path) -> None:
    whole, cut = make_turn(id="t1", text="one two three four"), make_turn(id="t2", text="five six seven")
    cut.heard_text = "five six"
    rows = of_call(scores(Delivery(), make_call(tmp_path / "a.wav", *clean_tracks(), turns=[whole, cut])))
    voiced_s = sum(end - start for start, end in AGENT) / 1000
    assert rows["speech_rate_wpm"].value == pytest.approx(6 * 60 / voiced_s, rel=0.02)


def test_speech_rate_needs_a_transcript(tmp_path: Path) -> None:
    turns = [make_turn(id="t1", text="one two"), make_turn(id="t2", text=None)]
    row = of_call(scores(Delivery(), make_call(tmp_path / "a.wav", *clean_tracks(), turns=turns)))["speech_rate_wpm"]
    assert (row.value, row.reason) == (None, "not measurable: no full transcript of what the agent said")


def test_a_clipped_track_says_nothing_of_energy_but_says_that_it_is_clipped(tmp_path: Path) -> None:
    caller, agent = clean_tracks()
    rows = of_call(scores(Delivery(), make_call(tmp_path / "a.wav", caller, np.clip(agent * 8, -1, 1))))
    assert (rows["clipped_fraction"].value or 0) > 0.003
    assert rows["energy"].value is None
    assert (rows["energy"].reason or "").endswith("of the agent track is clipped")


def test_a_fault_of_the_callers_track_leaves_the_agents_voice(tmp_path: Path) -> None:
    caller, agent = clean_tracks()
    rows = of_call(scores(Delivery(), make_call(tmp_path / "a.wav", np.clip(caller * 9, -1, 1), agent)))
    assert [name for name, row in rows.items() if row.value is None] == ["speech_rate_wpm"]


def test_no_audio_no_agent_track_and_an_awaited_recording(tmp_path: Path) -> None:
    caller = Recording(track="caller", path=str(write(tmp_path / "a.wav", clean_tracks()[0])))
    found = [
        run(Delivery(), make_conversation(recordings=recordings), make_context()).reason_code
        for recordings in ([], [caller], [make_recording()])
    ]
    assert found == ["no_audio", "no_agent_track", "waiting_for_recording"]


def test_of_a_mixed_recording_only_the_sound_as_a_whole_is_measured(tmp_path: Path) -> None:
    mixed = Recording(track="mixed", path=str(write(tmp_path / "a.wav", np.add(*clean_tracks()))))
    rows = of_call(scores(Delivery(), make_conversation(recordings=[mixed])))
    measured = {metric for metric, row in rows.items() if row.value is not None}
    assert measured == {"loudness_lufs", "loudness_range_lu", "clipped_fraction", "dropouts_per_min", "snr_db"}
    assert {row.policy["track"] for row in rows.values()} == {"mixed"}
    reasons = {row.reason for metric, row in rows.items() if metric not in measured}
    assert len(reasons) == 1
    assert str(*reasons).startswith("not measurable: mixed mono")
    assert {"f0_sd_st", "speech_rate_wpm", "energy", "voice_drift"} <= set(rows)
