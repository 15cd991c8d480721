"""The pitch tracker on sound whose pitch is known exactly."""

import numpy as np
import pytest

from evalhub.audio import pitch
from evalhub.audio.pitch import PitchTracker
from evalhub.audio.pitch_path import Candidates
from tests.pure.audio.sound import RATE, glide, pulses, room, steady


def tracked(samples: np.ndarray, *, rate: int = RATE, block: int = 5 * RATE) -> np.ndarray:
    tracker = PitchTracker(rate)
    f0 = [tracker.feed(samples[at : at + block].astype(np.float32)) for at in range(0, len(samples), block)]
    return np.concatenate([*f0, tracker.finish()])


def cents(f0: np.ndarray, hz: np.ndarray | float) -> np.ndarray:
    return np.abs(1200 * np.log2(f0 / hz))


@pytest.mark.parametrize("rate", [8_000, 16_000])
@pytest.mark.parametrize("hz", [80.0, 123.4, 220.0, 440.0])
def test_a_steady_pitch_is_found_within_2_cents(hz: float, rate: int) -> None:
    f0 = tracked(0.3 * pulses(1.0, steady(hz), rate), rate=rate)[3:97]
    assert (f0 > 0).all()
    assert cents(f0, hz).max() < 2


@pytest.mark.parametrize(("start", "end"), [(100, 200), (300, 150), (90, 120)])
def test_a_glide_is_followed_slot_by_slot(start: float, end: float) -> None:
    f0 = tracked(0.3 * pulses(2.0, glide(start, end)))[3:197]
    expected = start * (end / start) ** (np.arange(3, 197) / 200)
    assert np.median(cents(f0, expected)) < 3
    assert cents(f0, expected).max() < 25


def test_noise_and_silence_are_unvoiced() -> None:
    assert not tracked(np.zeros(RATE)).any()
    assert (tracked(room(3.0, level=0.1)) > 0).mean() < 0.05


def test_voicing_begins_and_ends_with_the_voice() -> None:
    quiet = room(1.0)
    f0 = tracked(np.concatenate([quiet, 0.3 * pulses(1.0, steady(150)), quiet]))
    voiced = np.flatnonzero(f0)
    assert (voiced[0], voiced[-1]) == (pytest.approx(100, abs=2), pytest.approx(200, abs=2))
    assert len(voiced) == voiced[-1] - voiced[0] + 1


def test_pitch_survives_noise_without_octave_jumps() -> None:
    f0 = tracked(0.3 * pulses(2.0, glide(110, 180)) + room(2.0, level=0.03))[5:195]
    expected = 110 * (180 / 110) ** (np.arange(5, 195) / 200)
    voiced = f0 > 0
    assert voiced.mean() > 0.95
    assert cents(f0[voiced], expected[voiced]).max() < 100


@pytest.mark.parametrize("block", [999, 7_777, 10 * RATE])
def test_block_size_changes_nothing(block: int) -> None:
    samples = np.concatenate([0.3 * pulses(1.2, glide(120, 240)), room(0.5), 0.2 * pulses(0.7, steady(90))])
    np.testing.assert_allclose(tracked(samples, block=block), tracked(samples), rtol=1e-4)


@pytest.mark.parametrize("frames", [50, 15])
def test_a_path_decided_as_the_sound_goes_on_is_the_same(monkeypatch: pytest.MonkeyPatch, frames: int) -> None:
    word, pause = 0.3 * pulses(0.4, glide(120, 240)), room(0.2)
    samples = np.concatenate([word, pause] * 6)
    whole = tracked(samples)
    monkeypatch.setattr(pitch, "DECIDED_AFTER", frames)
    assert np.array_equal(tracked(samples, block=RATE // 5), whole)


def test_of_too_many_candidates_the_strongest_stay() -> None:
    row, hz = np.array([3, 3, 3, 5, 8, 8, 8, 8]), np.arange(8.0) + 100
    strength = np.array([0.3, 0.9, 0.5, 0.4, 0.8, 0.2, 0.7, 0.6], np.float32)
    found = Candidates.strongest(row, hz, strength, row / 10, keep=2)
    assert found.frame.tolist() == [3, 5, 8]
    assert found.count.tolist() == [2, 1, 2]
    assert found.hz.tolist() == [101, 102, 103, 104, 106]
    assert found.level.tolist() == [0.3, 0.5, 0.8]
    assert found.part(1, 3).hz.tolist() == [103, 104, 106]
