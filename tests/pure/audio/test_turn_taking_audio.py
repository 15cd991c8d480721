"""Turn-taking from sound: the numbers of the times that made the sound, and none where it cannot be trusted."""

from pathlib import Path

import numpy as np
import pytest

from evalhub.audio.turn_taking import OF_CALL, TurnTaking
from evalhub.models import AudioAnalysis, Recording
from tests.factories import make_conversation, make_recording
from tests.pure.audio.calls import (
    AGENT,
    CALLER,
    clean_tracks,
    make_call,
    make_context,
    make_talk,
    make_turns,
    of_call,
    of_turns,
    scores,
)
from tests.pure.audio.sound import write


def test_sound_and_events_give_the_same_numbers(clean_file: Path) -> None:
    call = make_conversation(duration_ms=23_000, turns=make_turns(), recordings=[make_recording(path=str(clean_file))])
    heard, told = scores(TurnTaking(), call), scores(TurnTaking(), make_talk(CALLER, AGENT, end_ms=23_000))
    assert {row.basis for row in heard} == {"audio"}
    expected = of_turns(told, "turn_latency_ms")
    assert of_turns(heard, "turn_latency_ms") == {turn: pytest.approx(ms, abs=30) for turn, ms in expected.items()}
    for metric in ("dead_air_ms.longest", "overlap_ms", "greeting_ms"):
        assert of_call(heard)[metric].value == pytest.approx(of_call(told)[metric].value, abs=40)


def test_two_files_and_their_offsets_give_the_same_as_one(tmp_path: Path) -> None:
    caller, agent = clean_tracks()
    write(tmp_path / "caller.wav", caller)
    write(tmp_path / "agent.wav", agent[4 * 16_000 :])
    files = [
        Recording(track="caller", path=str(tmp_path / "caller.wav")),
        Recording(track="agent", path=str(tmp_path / "agent.wav"), offset_ms=4000),
    ]
    rows = scores(TurnTaking(), make_conversation(recordings=files))
    assert sorted(of_turns(rows, "turn_latency_ms").values()) == pytest.approx([700, 700, 800, 800], abs=30)
    assert of_call(rows)["dead_air_ms.longest"].evidence[0]["start_ms"] >= 4000


def test_an_analysis_that_is_stored_is_not_made_again(clean_analysis: AudioAnalysis) -> None:
    recording = make_recording(sha256="f" * 64)
    context = make_context()
    context.shared["analysis", "f" * 64] = clean_analysis
    found = list(TurnTaking().evaluate(make_conversation(recordings=[recording]), context))
    assert len(of_turns(found, "turn_latency_ms")) == 4


def test_swapped_tracks_make_latency_not_measurable_but_leave_overlap(tmp_path: Path) -> None:
    caller, agent = clean_tracks()
    rows = of_call(scores(TurnTaking(), make_call(tmp_path / "a.wav", agent, caller)))
    assert rows["turn_latency_ms.p50"].value is None
    assert (rows["turn_latency_ms.p50"].reason or "").startswith("not measurable: ")
    assert rows["overlap_ms"].value == 0


def test_one_recorded_side_is_not_silence_of_the_other(tmp_path: Path) -> None:
    recording = Recording(track="agent", path=str(write(tmp_path / "agent.wav", clean_tracks()[1])))
    rows = of_call(scores(TurnTaking(), make_conversation(turns=make_turns(), recordings=[recording])))
    assert set(rows) == set(OF_CALL)
    assert {row.value for row in rows.values()} == {None}
    assert "no recording of the caller" in (rows["dead_air_ms.total"].reason or "")


def test_a_mixed_recording_leaves_the_turns_times(tmp_path: Path) -> None:
    mixed = Recording(track="mixed", path=str(write(tmp_path / "mixed.wav", np.add(*clean_tracks()))))
    rows = scores(TurnTaking(), make_conversation(turns=make_turns(), recordings=[mixed]))
    assert {row.basis for row in rows} == {"events"}
