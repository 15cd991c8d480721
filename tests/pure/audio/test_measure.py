"""`measure` on bare audio: the whole form, null for what is not measured."""

import json
from pathlib import Path

import numpy as np
import pytest
import soxr

from evalhub.audio.measure import measure, measure_call
from evalhub.errors import BadInput
from tests.pure.audio.calls import AGENT, CALLER, clean_tracks
from tests.pure.audio.sound import RATE, write

FORM = {"file", "duration_s", "sample_rate", "channels", "recording_check", "tracks", "turn_taking"}
TRACK = {
    "voiced_ms", "f0_median_hz", "f0_sd_st", "f0_range_st", "final_slope_st_per_s", "articulation_rate_syll_s",
    "syllables", "pause_ratio", "pauses_per_min", "longest_pause_ms", "loudness_lufs", "loudness_range_lu",
    "clipped_fraction", "dropouts_per_min", "snr_db", "energy", "pace", "expressiveness", "dnsmos",
}  # fmt: skip


def test_a_stereo_file_has_two_tracks_and_turn_taking(clean_file: Path) -> None:
    found = json.loads(json.dumps(measure(clean_file)))
    assert set(found) == FORM
    assert {side: set(track) for side, track in found["tracks"].items()} == {"caller": TRACK, "agent": TRACK}
    assert found["tracks"]["agent"]["voiced_ms"] == pytest.approx(np.array(AGENT), abs=20)
    assert found["turn_taking"]["turn_latency_ms.p50"] == pytest.approx(750, abs=30)
    assert found["recording_check"] == []
    assert (found["duration_s"], found["sample_rate"], found["channels"]) == (23.0, RATE, ["caller", "agent"])


def test_channels_may_be_named_the_other_way_round(clean_file: Path) -> None:
    found = measure(clean_file, ["agent", "caller"])
    assert found["tracks"]["agent"]["voiced_ms"] == pytest.approx(np.array(CALLER), abs=20)


def test_a_mono_file_is_one_mixed_track_of_whose_turn_taking_silence_is_known(tmp_path: Path) -> None:
    found = measure(write(tmp_path / "a.wav", np.add(*clean_tracks())))
    assert set(found["tracks"]) == {"mixed"}
    assert found["tracks"]["mixed"]["f0_median_hz"] == pytest.approx(140, rel=0.2)
    known = {metric: value for metric, value in found["turn_taking"].items() if value is not None}
    assert set(known) == {"dead_air_ms.longest", "dead_air_ms.total", "tool_silence_ms"}
    assert known["dead_air_ms.longest"] == pytest.approx(1000, abs=30)


def test_a_named_track_that_is_not_there_is_null_and_a_finding(tmp_path: Path) -> None:
    found = measure(write(tmp_path / "a.wav", clean_tracks()[0]), ["caller", "agent"])
    [finding] = found["recording_check"]
    assert (finding["code"], finding["track"]) == ("track_missing", "agent")
    assert "response_rate" in finding["affects"]
    assert set(found["tracks"]["agent"]) == TRACK
    assert found["tracks"]["agent"]["voiced_ms"] is None


def test_what_a_finding_affects_is_null(tmp_path: Path) -> None:
    mono = np.add(*clean_tracks())
    found = measure(write(tmp_path / "a.wav", mono, mono))
    assert [finding["code"] for finding in found["recording_check"]] == ["channels_identical"]
    assert found["turn_taking"]["overlap_ms"] is None
    assert found["tracks"]["agent"]["f0_sd_st"] is None


def test_what_cannot_be_measured_is_refused(tmp_path: Path, clean_file: Path) -> None:
    (tmp_path / "notes.txt").write_text("no sound here")
    with pytest.raises(BadInput, match=r"notes\.txt"):
        measure(tmp_path / "notes.txt")
    with pytest.raises(BadInput, match="too few names"):
        measure(clean_file, ["caller"])


@pytest.fixture
def sides(tmp_path: Path) -> list[Path]:
    """The usual call recorded apart: the agent at another rate, from 4 s on."""
    caller, agent = clean_tracks()
    late = soxr.resample(agent[4 * RATE :], RATE, 8_000)
    return [write(tmp_path / "caller.wav", caller), write(tmp_path / "agent.wav", late, rate=8_000)]


def test_two_mono_files_are_one_call(sides: list[Path]) -> None:
    found = json.loads(json.dumps(measure_call(sides, offsets_ms=[0, 4000])))
    assert set(found) == FORM
    assert found["recording_check"] == []
    assert found["tracks"]["agent"]["voiced_ms"] == pytest.approx(np.array(AGENT[1:]), abs=20)
    assert found["turn_taking"]["turn_latency_ms.p50"] == pytest.approx(750, abs=30)
    assert (found["duration_s"], found["sample_rate"], found["channels"]) == (23, [RATE, 8_000], ["caller", "agent"])


def test_files_of_one_call_may_come_the_other_way_round(sides: list[Path]) -> None:
    found = measure_call(sides[::-1], ["agent", "caller"], [4000, 0])
    assert found["tracks"]["caller"]["voiced_ms"] == pytest.approx(np.array(CALLER), abs=20)


@pytest.mark.parametrize(
    ("names", "offsets", "says"),
    [(["caller"], None, "a name"), (None, [0], "an offset"), (["agent", "agent"], None, "no name twice")],
)
def test_files_names_and_offsets_must_fit(
    sides: list[Path], names: list[str] | None, offsets: list[int] | None, says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        measure_call(sides, names, offsets)


def test_a_side_of_two_channels_is_refused(sides: list[Path], clean_file: Path) -> None:
    with pytest.raises(BadInput, match="more than one channel"):
        measure_call([clean_file, sides[1]])
