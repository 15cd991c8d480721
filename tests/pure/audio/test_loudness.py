"""Loudness against the values that the standards give for known tones."""

import numpy as np
import pytest
from pyloudnorm import Meter

from evalhub.audio.loudness import LoudnessMeter, integrated, loudness_range


def energies(samples: np.ndarray, rate: int, block_s: float = 5) -> np.ndarray:
    meter = LoudnessMeter(rate, 1)
    block = round(rate * block_s)
    for start in range(0, len(samples), block):
        meter.feed(samples[None, start : start + block].astype(np.float32))
    return meter.finish()[0]


def tone(seconds: float, rate: int, *, hz: float = 997, level: float = 1.0) -> np.ndarray:
    return level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 44_100, 48_000])
def test_a_full_scale_tone_of_997_hz_has_minus_3_01_lufs(rate: int) -> None:
    assert integrated(energies(tone(5, rate), rate)) == pytest.approx(-3.01, abs=0.05)


EBU_3341 = {
    "1": ([(-23, 20)], -23.0),
    "2": ([(-33, 20)], -33.0),
    "3": ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
    "4": ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
    "5": ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
}
"""1 kHz sines in stereo by EBU Tech 3341: (dBFS of its peak, seconds), and the LUFS of both channels together"""


@pytest.mark.parametrize("rate", [16_000, 48_000])
@pytest.mark.parametrize("case", EBU_3341)
def test_the_sequences_of_ebu_tech_3341_have_their_loudness(case: str, rate: int) -> None:
    parts, lufs = EBU_3341[case]
    samples = np.concatenate([tone(seconds, rate, hz=1000, level=10 ** (dbfs / 20)) for dbfs, seconds in parts])
    assert integrated(2 * energies(samples, rate)) == pytest.approx(lufs, abs=0.1)


EBU_3342 = {
    "1": ([(-20, 20), (-30, 20)], 10),
    "2": ([(-20, 20), (-15, 20)], 5),
    "3": ([(-40, 20), (-20, 20)], 20),
    "4": ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15),
}
"""1 kHz sines in stereo by EBU Tech 3342: (dBFS, seconds), and the loudness range in LU, all within 1 LU"""


@pytest.mark.parametrize("case", EBU_3342)
def test_the_sequences_of_ebu_tech_3342_have_their_range(case: str) -> None:
    parts, lu = EBU_3342[case]
    samples = np.concatenate([tone(seconds, 48_000, hz=1000, level=10 ** (dbfs / 20)) for dbfs, seconds in parts])
    assert loudness_range(2 * energies(samples, 48_000)) == pytest.approx(lu, abs=0.2)


def test_silence_around_speech_is_gated() -> None:
    rate = 16_000
    padded = np.concatenate([np.zeros(10 * rate), tone(5, rate, level=0.1), np.zeros(10 * rate)])
    assert integrated(energies(padded, rate)) == pytest.approx(-23.0, abs=0.3)


def test_it_agrees_with_the_library_on_noise() -> None:
    rate = 24_000
    noise = np.random.default_rng(3).normal(0, 0.05, 8 * rate) * np.repeat([1, 0.2, 0.7, 0.05], 2 * rate)
    assert integrated(energies(noise, rate)) == pytest.approx(
        Meter(rate, filter_class="DeMan").integrated_loudness(noise), abs=0.05
    )


def test_the_range_of_two_levels_20_db_apart_is_20_lu() -> None:
    rate = 16_000
    two = np.concatenate([tone(20, rate, level=0.01), tone(20, rate, level=0.1)])
    assert loudness_range(energies(two, rate)) == pytest.approx(20.0, abs=0.2)


def test_too_little_sound_has_no_loudness() -> None:
    assert integrated(energies(tone(0.3, 16_000), 16_000)) is None
    assert integrated(energies(np.zeros(32_000), 16_000)) is None
    assert loudness_range(energies(tone(2, 16_000), 16_000)) is None


def test_block_size_changes_nothing() -> None:
    samples = tone(3, 16_000, level=0.2) * np.linspace(0, 1, 48_000)
    np.testing.assert_allclose(energies(samples, 16_000, 0.37), energies(samples, 16_000), rtol=1e-6)
