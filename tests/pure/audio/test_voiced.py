"""Where somebody speaks, on sound with known times and on real speech with aligned words."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from evalhub.audio.analysis import analyse_file
from evalhub.audio.voiced import voiced_intervals
from evalhub.models import Recording
from tests.pure.audio.sound import RATE, room, speech, steady, track, write


def voiced(tmp_path: Path, samples: np.ndarray, rate: int = RATE) -> list[list[int]]:
    found = analyse_file(write(tmp_path / "a.wav", samples, rate=rate), Recording(track="mixed"))
    assert found.voiced is not None
    return found.voiced[0]


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000])
@pytest.mark.parametrize("spoken", [[(1000, 3000), (5000, 6200), (8010, 8400)], [(120, 3180), (6000, 9000)]])
def test_edges_lie_where_the_sound_begins_and_ends(tmp_path: Path, spoken: list[tuple[int, int]], rate: int) -> None:
    found = voiced(tmp_path, track(10, spoken, rate=rate, pitch=steady(120)), rate)
    assert np.array(found) == pytest.approx(np.array(spoken), abs=20)


def test_noise_alone_is_no_voice(tmp_path: Path) -> None:
    assert voiced(tmp_path, room(5, level=0.05)) == []
    assert voiced(tmp_path, np.zeros(5 * RATE, np.float32)) == []


def test_a_pause_of_250_ms_is_seen_and_one_of_60_ms_is_not(tmp_path: Path) -> None:
    said = speech(1.0, pitch=steady(120))
    quiet = np.zeros(RATE, np.float32)
    long = np.concatenate([quiet, said, quiet[: RATE // 4], said, quiet])
    short = np.concatenate([quiet, said, quiet[: RATE * 60 // 1000], said, quiet])
    assert len(voiced(tmp_path, long)) == 2
    assert len(voiced(tmp_path, short)) == 1


@pytest.mark.parametrize("clip", ["0870", "0880", "0890", "0920", "0930"])
def test_real_speech_lies_between_its_first_and_last_word(shared_data: Path, tmp_path: Path, clip: str) -> None:
    wav = next((shared_data / "librivox-speech").glob(f"*-{clip}.wav"))
    words = [
        word for word in json.loads(wav.with_suffix(".words.json").read_text())["words"] if word["word"] != "<sil>"
    ]
    samples, rate = soundfile.read(wav, dtype="float32")
    found = voiced(tmp_path, samples, rate)
    assert found[0][0] == pytest.approx(words[0]["start_s"] * 1000, abs=150)
    assert found[-1][1] == pytest.approx(words[-1]["end_s"] * 1000, abs=200)


def intervals(probabilities: dict[tuple[int, int], float], loud: dict[tuple[int, int], float]) -> list[list[int]]:
    """Of 3.2 s in a room at -60 dB: probabilities and peaks by the stretch (ms) that they hold for."""
    speech, peaks = np.zeros(100, np.float32), np.full(320, 0.001, np.float32)
    for (start, end), value in probabilities.items():
        speech[start // 32 : end // 32] = value
    for (start, end), value in loud.items():
        peaks[start // 10 : end // 10] = value
    return voiced_intervals(speech, peaks, length_ms=3_200)


@pytest.mark.parametrize(
    ("burst", "level", "begins"),
    [
        ((1_050, 1_100), 0.1, 1_050),
        ((1_050, 1_060), 0.1, 1_240),
        ((1_050, 1_100), 0.02, 1_240),
        ((900, 950), 0.1, 1_240),
    ],
    ids=["a consonant", "a click", "a breath", "long before"],
)
def test_speech_begins_with_its_first_consonant(burst: tuple[int, int], level: float, begins: int) -> None:
    found = intervals({(1_280, 2_560): 0.9}, {burst: level, (1_240, 2_500): 0.3})
    assert found == [[begins, 2_500]]


def test_a_burst_at_the_end_of_other_speech_is_not_taken_over() -> None:
    found = intervals({(320, 1_152): 0.9, (1_312, 2_560): 0.9}, {(300, 1_140): 0.3, (1_280, 2_500): 0.3})
    assert found == [[300, 1_140], [1_280, 2_500]]


def test_a_short_word_that_the_network_was_late_to_be_sure_of_is_kept() -> None:
    word, loud = {(640, 832): 0.4, (832, 864): 0.8}, {(600, 860): 0.3}
    assert intervals(word, loud) == [[600, 860]]
    assert intervals({(832, 864): 0.8}, loud) == []
    assert intervals({(768, 832): 0.4, (832, 864): 0.8}, loud) == []


def test_what_was_heard_before_does_not_matter(tmp_path: Path) -> None:
    samples = track(4, [(700, 3300)], pitch=steady(120))
    first = voiced(tmp_path, samples)
    voiced(tmp_path, speech(2.0, pitch=steady(120)))
    assert voiced(tmp_path, samples) == first
