"""Turn-taking from sound: the numbers of the times that made the sound, and none where it cannot be trusted."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalhub.audio.turn_taking import OF_CALL, TurnTaking
from evalhub.models import AudioAnalysis, Recording, Score
from tests.factories import make_conversation, make_recording, make_tool_call
from tests.pure.audio.calls import (
    AGENT,
    CALLER,
    LOW,
    clean_tracks,
    make_call,
    make_context,
    make_talk,
    make_turns,
    of_call,
    of_turns,
    scores,
)
from tests.pure.audio.sound import RATE, room, track, write


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


def late_agent(tmp_path: Path, **fields: Any) -> dict[str, Score]:
    """The usual call; what the agent said in its first 4 s (a greeting at 500 ms) was not recorded."""
    caller, agent = clean_tracks()
    files = [
        Recording(track="caller", path=str(write(tmp_path / "caller.wav", caller))),
        Recording(track="agent", path=str(write(tmp_path / "agent.wav", agent[4 * RATE :])), offset_ms=4000),
    ]
    return of_call(scores(TurnTaking(), make_conversation(recordings=files, **fields)))


def test_a_greeting_that_was_perhaps_not_recorded_is_no_number(tmp_path: Path) -> None:
    for turns in ([], make_turns()):
        greeting = late_agent(tmp_path, turns=turns)["greeting_ms"]
        assert greeting.value is None
        assert "agent's track begins 4.0 s into the call" in greeting.reason


def test_a_greeting_that_turns_place_on_a_late_track_is_measured(tmp_path: Path) -> None:
    greeting = late_agent(tmp_path, turns=make_turns(CALLER, AGENT[1:]))["greeting_ms"]
    assert greeting.value == pytest.approx(AGENT[1][0], abs=30)


def test_what_was_said_before_the_agent_was_recorded_is_owed_no_answer(tmp_path: Path) -> None:
    said = [(1000, 2400), *CALLER[1:]]
    caller = track(23, said, pitch=LOW)
    files = [
        Recording(track="caller", path=str(write(tmp_path / "caller.wav", caller))),
        Recording(
            track="agent", path=str(write(tmp_path / "agent.wav", clean_tracks()[1][4 * RATE :])), offset_ms=4000
        ),
    ]
    rate = of_call(scores(TurnTaking(), make_conversation(recordings=files)))["response_rate"]
    assert rate.counts["excluded"] == {"not_recorded": 1}
    assert rate.counts["n"] == 3


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


@pytest.fixture
def mixed(tmp_path: Path) -> Recording:
    """The usual call from 1 s on, without its third answer and fourth question: silence from 16.1 to 22.2 s."""
    caller, agent = clean_tracks()
    agent[int(15.5 * RATE) : int(18.5 * RATE)] = caller[int(18.5 * RATE) : int(21.5 * RATE)] = room(3.0)
    return Recording(track="mixed", path=str(write(tmp_path / "mixed.wav", caller + agent)), offset_ms=1000)


def test_a_mixed_recording_tells_dead_air_and_says_why_not_the_rest(mixed: Recording) -> None:
    rows = of_call(scores(TurnTaking(), make_conversation(recordings=[mixed])))
    assert set(rows) == set(OF_CALL)
    longest = rows["dead_air_ms.longest"]
    assert (longest.basis, longest.label, longest.value) == ("audio", "warn", pytest.approx(6100, abs=50))
    assert longest.evidence[0]["start_ms"] == pytest.approx(16_100, abs=50)
    why = rows["turn_latency_ms.p50"].reason or ""
    assert why.startswith("not measurable: mixed mono")
    assert rows["overlap_ms"].reason == rows["talk_ratio"].reason == rows["yield_rate"].reason == why


def test_silence_of_a_mixed_recording_while_a_tool_works_is_no_dead_air(mixed: Recording) -> None:
    tool = make_tool_call(start_ms=16_100, end_ms=20_000)
    rows = of_call(scores(TurnTaking(), make_conversation(recordings=[mixed], tool_calls=[tool])))
    assert rows["tool_silence_ms"].value == pytest.approx(3900, abs=200)
    assert rows["dead_air_ms.longest"].value == pytest.approx(2200, abs=50)


def test_a_mixed_recording_without_sound_has_no_dead_air(tmp_path: Path) -> None:
    silent = Recording(track="mixed", path=str(write(tmp_path / "silent.wav", np.zeros(10 * RATE))))
    rows = of_call(scores(TurnTaking(), make_conversation(recordings=[silent])))
    assert rows["dead_air_ms.total"].value is None
    assert "silent" in (rows["dead_air_ms.total"].reason or "")
