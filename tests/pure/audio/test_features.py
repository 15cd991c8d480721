"""Spectral powers on tones of known level, and how little is kept of each minute."""

import tracemalloc

import numpy as np
import pytest

from evalhub.audio import aside, pitch
from evalhub.audio.channel import ChannelMeter
from evalhub.audio.features import TIMBRE_BANDS, Powers, SpectralMeter, decibels
from tests.pure.audio.sound import RATE, pulses, room, steady

MB_PER_MINUTE = 0.1
"""of one track, while its file is read"""


def measured(samples: np.ndarray, rate: int, block: int | None = None) -> Powers:
    meter = SpectralMeter(rate)
    for start in range(0, len(samples), block or len(samples)):
        meter.feed(samples[start : start + (block or len(samples))].astype(np.float32))
    return meter.finish(np.ones(len(samples) // (rate // 100) + 2, bool))


def tone(hz: float, rate: int, level: float = 0.5) -> np.ndarray:
    return level * np.sin(2 * np.pi * hz * np.arange(rate) / rate)


@pytest.mark.parametrize("rate", [8_000, 16_000])
@pytest.mark.parametrize("level", [1e-4, 0.01, 0.5, 300.0])
def test_the_level_of_a_tone_is_its_mean_square(rate: int, level: float) -> None:
    rms = decibels(measured(tone(500, rate, level), rate).level("rms"))[5:95]
    assert rms == pytest.approx(20 * np.log10(level / np.sqrt(2)), abs=0.05)


@pytest.mark.parametrize(("hz", "band", "other"), [(400, "low", "high"), (2_500, "high", "low")])
def test_a_tone_lies_in_its_band(hz: float, band: str, other: str) -> None:
    powers = measured(tone(hz, 16_000), 16_000)
    assert (powers.colour(band)[5:95] > 1_000 * powers.colour(other)[5:95]).all()
    assert powers.level("syllable")[5:95] == pytest.approx(powers.colour(band)[5:95], rel=0.02)


def test_timbre_bands_follow_the_pitch_and_are_the_same_at_both_rates() -> None:
    places = []
    for hz in (200, 600, 1_200, 2_000, 3_000):
        at_8, at_16 = (measured(tone(hz, rate), rate).colour("timbre")[:, 50].argmax() for rate in (8_000, 16_000))
        assert at_8 == at_16
        places.append(int(at_8))
    assert places == sorted(set(places))
    assert max(places) < TIMBRE_BANDS


def test_flat_noise_gives_each_timbre_band_the_same() -> None:
    timbre = decibels(measured(room(20.0, level=0.1), 16_000).colour("timbre").mean(axis=1))
    assert np.ptp(timbre) < 1.0


def test_block_size_changes_nothing() -> None:
    samples = room(3.0, level=0.1)
    whole, parts = measured(samples, 16_000), measured(samples, 16_000, 7_777)
    assert np.array_equal(parts.levels, whole.levels)
    assert np.array_equal(parts.colours, whole.colours)
    assert np.array_equal(parts.colour("timbre"), whole.colour("timbre"))


def test_slots_without_pitch_keep_their_level_only() -> None:
    samples, meter = room(1.0, level=0.1).astype(np.float32), SpectralMeter(16_000)
    voiced = np.arange(60) % 3 == 0
    meter.feed(samples)
    meter.settle(voiced)
    powers, whole = meter.finish(np.ones(42, bool)), measured(samples, 16_000)
    assert np.array_equal(powers.levels, whole.levels)
    kept = np.append(np.flatnonzero(voiced), np.arange(60, 102))
    assert np.array_equal(powers.colour("timbre"), whole.colour("timbre", kept))


def test_hours_of_speech_are_kept_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pitch, "DECIDED_AFTER", 2_000)
    monkeypatch.setattr(aside, "IN_MEMORY", 1)
    said = np.concatenate([0.3 * pulses(10, steady(140)), np.zeros(RATE * 10)] * 3)
    minute = (said + room(60, level=0.001)).astype(np.float32)
    meter = ChannelMeter(RATE)
    meter.feed(minute)
    tracemalloc.start()
    try:
        meter.feed(minute)
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < MB_PER_MINUTE * 1e6
