"""Every fault planted into one clean call is found, and nothing is found in the clean one."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soxr

from evalhub.audio.findings import CODES, Finding
from evalhub.audio.recording_check import RecordingCheck, findings_of
from evalhub.evaluators import run
from evalhub.models import Conversation, Turn
from tests.factories import make_conversation, make_recording
from tests.pure.audio.calls import AGENT, make_call, make_context, make_turns, of_call, scores
from tests.pure.audio.calls import clean_tracks as both
from tests.pure.audio.sound import RATE, room, write

Tracks = tuple[np.ndarray, np.ndarray]


def codes(conversation: Conversation) -> list[str]:
    return [finding.code for finding in findings_of(conversation, make_context())]


def swapped(caller: np.ndarray, agent: np.ndarray) -> Tracks:
    return agent, caller


def silent_caller(caller: np.ndarray, agent: np.ndarray) -> Tracks:
    return np.zeros_like(caller), agent


def noise_for_agent(caller: np.ndarray, agent: np.ndarray) -> Tracks:
    return caller, room(len(agent) / RATE, seed=9)


def mono(caller: np.ndarray, agent: np.ndarray) -> Tracks:
    return caller + agent, (caller + agent) * np.float32(0.7)


def late(caller: np.ndarray, agent: np.ndarray) -> Tracks:
    return np.roll(caller, RATE), np.roll(agent, RATE)


def drifting(caller: np.ndarray, agent: np.ndarray) -> Tracks:
    return soxr.resample(caller, RATE, RATE * 1.04), soxr.resample(agent, RATE, RATE * 1.04)


def with_gap(caller: np.ndarray, agent: np.ndarray) -> Tracks:
    agent[11 * RATE : 12 * RATE] = 0
    return caller, agent


def clipped(caller: np.ndarray, agent: np.ndarray) -> Tracks:
    return caller, np.clip(agent * 8, -1, 1)


def off_zero(caller: np.ndarray, agent: np.ndarray) -> Tracks:
    return caller, agent + np.float32(0.04)


FAULTS = {
    "tracks_swapped": swapped,
    "track_silent": silent_caller,
    "channels_identical": mono,
    "offset": late,
    "drift": drifting,
    "gap": with_gap,
    "clipping": clipped,
    "dc": off_zero,
}


def test_a_clean_call_is_clean(clean_file: Path) -> None:
    call = make_conversation(duration_ms=23_000, turns=make_turns(), recordings=[make_recording(path=str(clean_file))])
    rows = of_call(scores(RecordingCheck(), call))
    assert list(rows) == ["recording_check.clean"]
    assert (rows["recording_check.clean"].value, rows["recording_check.clean"].verdict) == (1.0, "pass")


@pytest.mark.parametrize("code", FAULTS)
def test_a_planted_fault_is_found_and_nothing_else(tmp_path: Path, code: str) -> None:
    plant: Callable[[np.ndarray, np.ndarray], Tracks] = FAULTS[code]
    assert codes(make_call(tmp_path / "a.wav", *plant(*both()))) == [code]


@pytest.mark.parametrize("rate", [8_000, 24_000])
@pytest.mark.parametrize("code", FAULTS)
def test_faults_are_found_on_a_noisy_line_in_mu_law(tmp_path: Path, code: str, rate: int) -> None:
    planted = FAULTS[code](*(over_noise(track, seed) for seed, track in enumerate(both())))
    sound = soxr.resample(np.stack(planted, axis=1), RATE, rate).clip(-1, 1)
    if code == "gap":
        sound[11 * rate : 12 * rate, 1] = 0  # resampling rings into it
    call = make_call(tmp_path / "a.wav", *sound.T, rate=rate, subtype="ULAW")
    assert codes(call) == [code]


def over_noise(track: np.ndarray, seed: int) -> np.ndarray:
    """20 dB below the speech."""
    speech = np.sqrt(np.mean(track[np.abs(track) > 1e-3] ** 2))
    return (track + np.random.default_rng(seed).normal(0, speech / 10, len(track))).astype(np.float32)


def test_a_track_that_holds_only_noise_is_silent_too(tmp_path: Path) -> None:
    assert codes(make_call(tmp_path / "a.wav", *noise_for_agent(*both()))) == ["track_silent"]


@pytest.mark.parametrize("rate", [8_000, 24_000, 32_000, 44_100, 88_200, 96_000])
def test_a_recording_read_at_a_wrong_rate_is_noticed(tmp_path: Path, rate: int) -> None:
    assert "rate_mismatch" in codes(make_call(tmp_path / "a.wav", *both(), rate=rate))


def test_a_declared_rate_must_be_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    declared = make_recording(path=str(path), declared_rate=8000)
    [finding] = findings_of(make_call(path, *both(), recordings=[declared]), make_context())
    assert (finding.code, "8000 Hz" in finding.message) == ("rate_mismatch", True)


def test_a_mono_file_that_should_hold_both_lacks_a_track(tmp_path: Path) -> None:
    [finding] = findings_of(make_call(tmp_path / "a.wav", both()[0]), make_context())
    assert (finding.code, finding.track) == ("track_missing", "agent")
    assert "response_rate" in finding.affects


def test_two_files_may_each_have_their_own_offset(tmp_path: Path) -> None:
    caller, agent = both()
    write(tmp_path / "caller.wav", caller)
    write(tmp_path / "agent.wav", agent[2 * RATE :])
    paths = {side: str(tmp_path / f"{side}.wav") for side in ("caller", "agent")}
    files = [make_recording(track=side, channels=[side], path=path) for side, path in paths.items()]
    call = make_conversation(duration_ms=23_000, turns=make_turns(), recordings=files)
    [finding] = findings_of(call, make_context())
    assert (finding.code, finding.track) == ("offset", "agent")
    files[1].offset_ms = 2000
    assert codes(call) == []


def test_a_file_that_breaks_off_is_a_gap_to_its_promised_end(tmp_path: Path) -> None:
    call = make_call(tmp_path / "a.flac", *both())
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[: len(whole) * 3 // 4])
    [gap] = [finding for finding in findings_of(call, make_context()) if finding.code == "gap"]
    assert gap.end_ms == 23_000
    assert "breaks off" in gap.message


def test_the_verdict_says_of_its_only_fault_what_that_says(tmp_path: Path) -> None:
    rows = of_call(scores(RecordingCheck(), make_call(tmp_path / "a.wav", *with_gap(*both()))))
    assert rows["recording_check.clean"].explanation == rows["recording_check.gap"].explanation


def test_a_hole_in_both_tracks_at_once_is_a_gap_of_the_recording_however_long(tmp_path: Path) -> None:
    caller, agent = both()
    for track in (caller, agent):
        track[9 * RATE : 15 * RATE] = 0
    [gap] = findings_of(make_call(tmp_path / "a.wav", caller, agent), make_context())
    assert (gap.code, gap.track, gap.at_ms, gap.end_ms) == ("gap", None, 9_000, 15_000)


def test_pauses_between_synthesised_voices_are_no_hole(tmp_path: Path) -> None:
    tracks = [np.where(np.abs(track) > 1e-3, track, 0) for track in both()]
    assert codes(make_call(tmp_path / "a.wav", *tracks)) == []


def test_a_recording_that_ends_while_the_caller_speaks_on_has_a_gap(tmp_path: Path) -> None:
    [gap] = findings_of(make_call(tmp_path / "a.wav", *(track[: 12 * RATE] for track in both())), make_context())
    assert (gap.code, gap.at_ms, gap.end_ms) == ("gap", 12_000, 20_500)


def test_an_agent_may_answer_who_has_hung_up(tmp_path: Path) -> None:
    cut = [track[: round(20.6 * RATE)] for track in both()]
    late = make_turns(agent=[*AGENT[:-1], (22_200, 23_000)])
    assert codes(make_call(tmp_path / "a.wav", *cut, turns=late)) == []


def test_loose_event_times_are_no_fault(tmp_path: Path) -> None:
    call = make_call(tmp_path / "a.wav", *both())
    for at, turn in enumerate(call.turns):
        turn.start_ms = (turn.start_ms or 0) + (-1) ** at * 150
        turn.end_ms = (turn.end_ms or 0) + 400
    assert codes(call) == []


def test_tracks_that_change_places_in_the_middle_are_found_there(tmp_path: Path) -> None:
    caller, agent = both()
    half = len(caller) // 2
    crossed = np.r_[caller[:half], agent[half:]], np.r_[agent[:half], caller[half:]]
    [finding] = findings_of(make_call(tmp_path / "a.wav", *crossed), make_context())
    assert finding.code == "tracks_swapped"
    assert 10_000 <= (finding.at_ms or 0) <= 14_000
    assert "turn_latency_ms" in finding.affects


@pytest.mark.parametrize("away_ms", [-3_600_000, -60_000, 60_000, 2_600_000_000])
def test_a_recording_at_another_time_than_every_turn_is_an_offset(tmp_path: Path, away_ms: int) -> None:
    placed = make_recording(path=str(tmp_path / "a.wav"), offset_ms=away_ms)
    [finding] = findings_of(make_call(tmp_path / "a.wav", *both(), recordings=[placed]), make_context())
    assert (finding.code, finding.at_ms, "greeting_ms" in finding.affects) == ("offset", away_ms, True)


def test_sound_and_turns_before_the_call_are_compared_too(tmp_path: Path) -> None:
    placed = make_recording(path=str(tmp_path / "a.wav"), offset_ms=-12_000)
    call = make_call(tmp_path / "a.wav", *both(), recordings=[placed])
    assert codes(call) == ["offset"]
    for turn in call.turns:
        turn.start_ms, turn.end_ms = (turn.start_ms or 0) - 12_000, (turn.end_ms or 0) - 12_000
    assert codes(call) == []


@pytest.mark.parametrize("year_ms", [2_600_000_000, 1_764_000_000_000])
def test_a_turn_that_says_a_year_costs_no_memory(tmp_path: Path, year_ms: int) -> None:
    call = make_call(tmp_path / "a.wav", *both())
    call.turns.append(Turn(id="far", speaker="agent", start_ms=year_ms, end_ms=year_ms + 1000))
    tracemalloc.start()
    assert codes(call) == []
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()


def test_an_offset_of_both_tracks_does_not_make_them_alike(tmp_path: Path) -> None:
    caller, agent = both()
    assert codes(make_call(tmp_path / "a.wav", caller + np.float32(0.1), agent + np.float32(0.4))) == ["dc", "dc"]


def test_without_events_only_the_sound_is_judged(tmp_path: Path) -> None:
    assert codes(make_call(tmp_path / "a.wav", *swapped(*both()), turns=[])) == []


def test_a_finding_names_what_where_and_what_it_affects(tmp_path: Path) -> None:
    rows = of_call(scores(RecordingCheck(), make_call(tmp_path / "a.wav", *with_gap(*both()))))
    gap = rows["recording_check.gap"]
    assert (gap.value, gap.verdict) == (1.0, "fail")
    assert "dead_air_ms" in gap.label["affects"]
    [place] = gap.evidence
    assert (place["start_ms"], place["end_ms"], place["channel"]) == (11_000, 12_000, "agent")
    assert rows["recording_check.clean"].value == 0.0


def test_no_recording_is_skipped_an_awaited_one_blocks_and_an_unreadable_one_is_missing(tmp_path: Path) -> None:
    assert run(RecordingCheck(), make_conversation(), make_context()).reason_code == "no_audio"
    awaited = run(RecordingCheck(), make_conversation(recordings=[make_recording()]), make_context())
    assert (awaited.status, awaited.reason_code) == ("blocked", "waiting_for_recording")
    (tmp_path / "a.wav").write_text("no sound")
    call = make_conversation(recordings=[make_recording(path=str(tmp_path / "a.wav"))])
    assert codes(call) == ["track_missing", "track_missing"]


def test_every_finding_has_a_known_code() -> None:
    assert set(FAULTS) | {"track_missing", "rate_mismatch"} == set(CODES)
    assert Finding(code="dc", message="").affects == ()
