"""One clip in many encodings gives the same numbers, within what docs/metrics.md promises."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from evalhub.audio.measure import measure
from tests.pure.audio.made_calls import CLIP_RATE, clips

LOSSLESS = [("WAV", "PCM_24", 16_000), ("WAV", "FLOAT", 16_000), ("FLAC", "PCM_16", 16_000), ("FLAC", "PCM_24", 16_000)]
LOSSY = [
    ("WAV", "PCM_16", 8_000), ("WAV", "ULAW", 8_000), ("WAV", "ALAW", 8_000), ("FLAC", "PCM_16", 24_000),
    ("WAV", "PCM_24", 44_100), ("WAV", "PCM_16", 48_000), ("OGG", "OPUS", 48_000), ("OGG", "OPUS", 16_000),
    ("OGG", "VORBIS", 24_000),
]  # fmt: skip
WITHIN = {
    "f0_sd_st": 0.1, "f0_range_st": 0.2, "final_slope_st_per_s": 2.0, "articulation_rate_syll_s": 0.3,
    "pause_ratio": 0.05, "loudness_lufs": 0.3, "loudness_range_lu": 0.3, "snr_db": 4.0,
    "clipped_fraction": 0.0, "dropouts_per_min": 0.0, "energy": 0.05, "pace": 0.1, "expressiveness": 0.03,
}  # fmt: skip
EDGES_MS = 120
COARSE = ("f0_sd_st", "f0_range_st", "loudness_lufs", "energy", "pace", "expressiveness")
"""what 8-bit samples keep: their noise lies 50 dB below full scale and hides the ends of words"""


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    quiet = np.random.default_rng(1).normal(0, 4e-4, 40 * CLIP_RATE).astype(np.float32)
    at = CLIP_RATE
    for clip in clips("agent")[::4][:6]:
        quiet[at : at + len(clip)] += clip
        at += len(clip) + CLIP_RATE
    return quiet[:at]


def encoded(folder: Path, sound: np.ndarray, container: str, subtype: str, rate: int) -> dict[str, Any]:
    path = folder / f"clip.{container.lower()}"
    soundfile.write(path, soxr.resample(sound, CLIP_RATE, rate), rate, format=container, subtype=subtype)
    found = measure(path)
    assert found["recording_check"] == []
    return found["tracks"]["mixed"]


@pytest.fixture(scope="module")
def reference(sound: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return encoded(tmp_path_factory.mktemp("clip"), sound, "WAV", "PCM_16", CLIP_RATE)


@pytest.mark.parametrize("encoding", LOSSLESS, ids=str)
def test_what_loses_nothing_changes_nothing(
    tmp_path: Path, sound: np.ndarray, reference: dict[str, Any], encoding: tuple[str, str, int]
) -> None:
    found = encoded(tmp_path, sound, *encoding)
    assert found.pop("voiced_ms") == reference["voiced_ms"]
    assert found == {name: pytest.approx(reference[name], abs=0.01) for name in found}


@pytest.mark.parametrize("encoding", LOSSY, ids=str)
def test_rates_and_codecs_agree_within_the_stated_tolerances(
    tmp_path: Path, sound: np.ndarray, reference: dict[str, Any], encoding: tuple[str, str, int]
) -> None:
    found = encoded(tmp_path, sound, *encoding)
    assert found["f0_median_hz"] == pytest.approx(reference["f0_median_hz"], rel=0.01)
    assert {name: found[name] for name in WITHIN} == {
        name: pytest.approx(reference[name], abs=within) for name, within in WITHIN.items()
    }
    assert np.array(found["voiced_ms"]) == pytest.approx(np.array(reference["voiced_ms"]), abs=EDGES_MS)


def test_eight_bits_keep_pitch_and_tone(tmp_path: Path, sound: np.ndarray, reference: dict[str, Any]) -> None:
    found = encoded(tmp_path, sound, "WAV", "PCM_U8", CLIP_RATE)
    assert {name: found[name] for name in COARSE} == {
        name: pytest.approx(reference[name], abs=WITHIN[name]) for name in COARSE
    }
