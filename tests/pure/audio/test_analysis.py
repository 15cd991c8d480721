"""One pass over a file: what is kept of it."""

from pathlib import Path

import numpy as np
import pytest

from evalhub.audio.analysis import analyse_file, is_current
from evalhub.audio.contour import CONTOUR_PER_S, FLOOR_HZ, FLOOR_LUFS, STEPS_PER_LU, STEPS_PER_OCTAVE, curves
from evalhub.errors import Unreadable
from evalhub.models import AudioAnalysis, Recording
from tests.pure.audio.calls import AGENT, CALLER, SECONDS
from tests.pure.audio.sound import RATE, lively, room, steady, track, write


def test_both_channels_are_measured_apart(clean_analysis: AudioAnalysis) -> None:
    assert (clean_analysis.state, clean_analysis.channel_count, clean_analysis.codec) == ("ready", 2, "WAV/PCM_16")
    assert (clean_analysis.duration_ms, clean_analysis.sample_rate) == (SECONDS * 1000, RATE)
    for found, spoken in zip(clean_analysis.voiced or [], (CALLER, AGENT), strict=True):
        assert np.array(found) == pytest.approx(np.array(spoken), abs=20)


def test_the_contour_follows_pitch_and_loudness_of_each_side(clean_analysis: AudioAnalysis) -> None:
    caller, agent = curves(clean_analysis.contour or b"", 2)
    assert {len(part) for part in (*caller, *agent)} == {SECONDS * CONTOUR_PER_S}
    for curve, spoken, hz in ((caller, CALLER, 120), (agent, AGENT, 140)):
        for start, end in spoken:
            inside = slice(start * CONTOUR_PER_S // 1000 + 3, end * CONTOUR_PER_S // 1000 - 3)
            pitch = np.frombuffer(curve.pitch[inside], np.uint8)
            assert (pitch > 0).mean() > 0.8
            assert FLOOR_HZ * 2 ** ((np.median(pitch) - 1) / STEPS_PER_OCTAVE) == pytest.approx(hz, rel=0.15)
            assert np.median(np.frombuffer(curve.loudness[inside], np.uint8)) > (-45 - FLOOR_LUFS) * STEPS_PER_LU
    quiet = slice(0, 400 * CONTOUR_PER_S // 1000)
    assert not any(agent.pitch[quiet])
    assert max(agent.loudness[quiet]) < (-60 - FLOOR_LUFS) * STEPS_PER_LU


def test_peaks_show_where_each_side_speaks(clean_analysis: AudioAnalysis) -> None:
    assert clean_analysis.peaks_per_s == 50
    caller, agent = np.frombuffer(clean_analysis.peaks or b"", np.uint8).reshape(2, SECONDS * 50)
    assert caller[130:210].max() > 50 > 2 >= agent[130:210].max()


def test_features_of_a_voice_that_is_known(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", track(8, [(500, 4500), (5500, 7500)], pitch=lively(140, 2.0)))
    voice = (analyse_file(path, Recording(track="agent")).details or {})["channels"][0]["delivery"]
    assert voice["f0_sd_st"] == pytest.approx(2.0, abs=0.1)
    assert voice["f0_range_st"] == pytest.approx(2 * 2.0 * 2**0.5 * 0.988, abs=0.2)
    assert voice["articulation_rate_syll_s"] == pytest.approx(5.0, abs=0.7)
    assert (voice["clipped_fraction"], voice["dropouts_per_min"], voice["pause_ratio"]) == (0, 0, 0)
    assert voice["snr_db"] > 30


@pytest.mark.parametrize(("start", "end", "slope"), [(100, 200, 12.0), (200, 100, -12.0), (150, 150, 0.0)])
def test_the_end_of_an_utterance_rises_or_falls(tmp_path: Path, start: float, end: float, slope: float) -> None:
    def pitch(t: np.ndarray) -> np.ndarray:
        return start * (end / start) ** t

    path = write(tmp_path / "a.wav", track(3, [(1000, 2000)], pitch=pitch))
    voice = (analyse_file(path, Recording(track="agent")).details or {})["channels"][0]["delivery"]
    assert voice["final_slope_st_per_s"] == pytest.approx(slope, abs=0.5)


def test_pauses_inside_an_utterance_are_counted(tmp_path: Path) -> None:
    spoken = [(500, 2000), (2400, 4000), (4300, 5000), (7000, 8000)]
    path = write(tmp_path / "a.wav", track(9, spoken, pitch=steady(130)))
    voice = (analyse_file(path, Recording(track="agent")).details or {})["channels"][0]["delivery"]
    assert voice["longest_pause_ms"] == pytest.approx(400, abs=30)
    assert voice["pause_ratio"] == pytest.approx(700 / 5500, abs=0.01)
    assert voice["pauses_per_min"] == pytest.approx(2 * 60_000 / 5500, rel=0.02)


def test_holes_inside_words_are_dropouts(tmp_path: Path) -> None:
    samples = track(6, [(500, 5500)], pitch=steady(130))
    for start in (1070, 2470, 4070):
        samples[start * 16 : (start + 60) * 16] = 0
    voice = (analyse_file(write(tmp_path / "a.wav", samples), Recording(track="agent")).details or {})["channels"][0]
    assert voice["delivery"]["dropouts_per_min"] == pytest.approx(3 * 60 / 5, rel=0.1)


def test_telephone_audio_without_header_is_described_by_the_recording(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    write(path, track(3, [(500, 2500)], rate=8000, pitch=steady(120)), rate=8000, format="RAW", subtype="ULAW")
    described = Recording(track="caller", declared_rate=8000, declared_encoding="mulaw")
    found = analyse_file(path, described)
    assert (found.sample_rate, found.duration_ms, found.codec) == (8000, 3000, "RAW/ULAW")
    assert found.voiced == [[[500, 2500]]]


def test_a_recording_of_silence_has_nothing_to_say_but_is_no_error(tmp_path: Path) -> None:
    found = analyse_file(write(tmp_path / "a.wav", np.zeros(RATE, np.float32)), Recording(track="agent"))
    voice = (found.details or {})["channels"][0]["delivery"]
    assert found.voiced == [[]]
    assert {voice[name] for name in ("f0_sd_st", "articulation_rate_syll_s", "pause_ratio", "snr_db")} == {None}


def test_an_empty_file_is_unreadable_and_an_old_analysis_not_current(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="without any"):
        analyse_file(write(tmp_path / "a.wav", room(0)), Recording(track="agent"))
    assert not is_current(AudioAnalysis(sha256="", state="ready", details={"version": "0"}))
    assert is_current(AudioAnalysis(sha256="", state="unreadable"))
