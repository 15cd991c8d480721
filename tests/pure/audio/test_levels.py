"""What raw samples say: runs at full scale, offset, peaks as the page draws them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.audio.levels import Levels, in_runs
from evalhub.audio.peaks import drawn
from tests.pure.audio.sound import RATE, room, speech


def measured(*tracks: np.ndarray, rate: int = RATE, **options: float) -> Levels:
    levels = Levels(rate, len(tracks), **options)
    samples = np.stack(tracks).astype(np.float32)
    for start in range(0, samples.shape[1], rate):
        levels.feed(samples[:, start : start + rate])
    return levels


@given(st.lists(st.booleans(), max_size=40))
def test_only_runs_of_three_count_as_clipped(high: list[bool]) -> None:
    text = "".join("x" if one else " " for one in high)
    expected = sum(len(run) for run in text.split() if len(run) >= 3)
    assert in_runs(np.array(high, bool), 3).sum() == expected


def test_clipping_is_counted_with_its_first_moment() -> None:
    sine = 2 * np.sin(2 * np.pi * 100 * np.arange(2 * RATE) / RATE)
    sine[:RATE] /= 4
    found = measured(np.clip(sine, -1, 1))
    assert found.clipped[0] / RATE == pytest.approx(2 / 3, abs=0.02)
    assert found.first_clipped[0] == pytest.approx(1000, abs=5)


def test_full_scale_of_telephone_audio_is_lower() -> None:
    clipped = np.full(RATE, 32124 / 32768)
    assert measured(clipped).clipped[0] == 0
    assert measured(clipped, full_scale=32124 / 32768).clipped[0] == RATE


@pytest.mark.parametrize("dc", [0.05, -0.03, 0.0])
def test_an_offset_is_found_under_speech(dc: float) -> None:
    samples = np.concatenate([room(1.0), speech(3.0), room(1.0)]) + dc
    peaks, found = measured(samples).peaks(0)
    assert found == pytest.approx(dc, abs=0.002)
    assert peaks[:90].max() < 0.002


def test_two_channels_of_one_sound_correlate() -> None:
    voice = speech(2.0)
    assert measured(voice, 0.5 * voice).correlation == pytest.approx(1.0, abs=1e-4)
    assert abs(measured(voice, room(2.0, level=0.1)).correlation or 0) < 0.1
    assert measured(voice, np.zeros_like(voice)).correlation is None
    assert measured(voice).correlation is None


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_peaks_are_drawn_50_a_second_at_any_rate(rate: int) -> None:
    samples = np.zeros(2 * rate, np.float32)
    samples[round(1.5 * rate)] = -0.5
    levels = measured(samples, samples / 2, rate=rate)
    bar = [np.frombuffer(drawn(levels.peaks(channel)[0]), np.uint8) for channel in (0, 1)]
    assert [len(one) for one in bar] == [100, 100]
    assert (bar[0].argmax(), bar[0].max(), bar[1].max()) == (75, 128, 64)
    assert (bar[0] > 0).sum() == 1
