"""DNSMOS is off until it is turned on, says what is missing, and rates sound as the published code does."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from evalhub.audio.dnsmos import Dnsmos
from evalhub.audio.dnsmos_model import SCALES, ratings
from evalhub.audio.measure import measure
from evalhub.evaluators import Outcome, run
from evalhub.settings import Settings
from tests.factories import make_conversation, make_recording
from tests.pure.audio.calls import make_context
from tests.pure.audio.made_calls import CLIP_RATE, clips, made_call, write_call
from tests.pure.audio.sound import room

installed = pytest.mark.skipif(not find_spec("speechmos"), reason="needs evalhub[dnsmos]")


def asked(path: Path, *, on: bool) -> Outcome:
    context = make_context()
    context.settings = Settings(data_dir=Path(), dnsmos=on)
    return run(Dnsmos(), make_conversation(recordings=[make_recording(path=str(path))]), context)


def spoken(seconds: float) -> np.ndarray:
    return np.concatenate(clips("agent"))[: round(seconds * CLIP_RATE) // 3 * 3]


def test_it_is_off_until_it_is_turned_on(clean_file: Path) -> None:
    outcome = asked(clean_file, on=False)
    assert (outcome.status, outcome.reason_code) == ("skipped", "off")
    assert "EVALHUB_DNSMOS=1" in (outcome.reason or "")
    assert measure(clean_file)["tracks"]["agent"]["dnsmos"] == dict.fromkeys(SCALES)


@pytest.mark.skipif(find_spec("speechmos") is not None, reason="it is installed here")
def test_what_is_not_installed_is_named(clean_file: Path) -> None:
    outcome = asked(clean_file, on=True)
    assert (outcome.status, outcome.reason_code) == ("blocked", "not_installed")
    assert "pip install 'evalhub[dnsmos]'" in (outcome.reason or "")


@installed
def test_noise_lowers_the_rating_of_the_background_most() -> None:
    clean, noisy = ratings([spoken(12)]), ratings([spoken(12) + room(12, level=0.02)])
    lost = {scale: (clean[scale] or 0) - (noisy[scale] or 0) for scale in SCALES}
    assert lost["bak"] > 1
    assert lost["bak"] > lost["ovr"] > 0


@installed
@pytest.mark.parametrize("piece", [1_000, 50_000])
def test_pieces_of_any_length_give_one_rating(piece: int) -> None:
    sound = spoken(20)
    assert ratings(np.split(sound, range(piece, len(sound), piece))) == ratings([sound])


@installed
def test_too_little_speech_is_not_rated() -> None:
    assert ratings([spoken(0.5)]) == dict.fromkeys(SCALES)
    assert (ratings([spoken(2.0)])["sig"] or 0) > 1


@installed
def test_it_rates_as_the_published_code_does() -> None:
    dnsmos = pytest.importorskip("speechmos.dnsmos", reason="its own code needs requests")
    for window in np.split(spoken(28), 3):
        published = dnsmos.run(window, CLIP_RATE)
        expected = [published[f"{name}_mos"] for name in ("sig", "bak", "ovrl")]
        assert list(ratings([window]).values()) == pytest.approx(expected, abs=0.002)


@installed
@pytest.mark.parametrize("rate", [8_000, 24_000])
def test_the_utterances_of_a_recording_are_rated(tmp_path: Path, rate: int) -> None:
    path = write_call(tmp_path / "a.wav", made_call(1, exchanges=3), rate=rate, snr_db=40)
    rows = {score.metric: score for score in asked(path, on=True).scores}
    assert set(rows) == {"dnsmos_sig", "dnsmos_bak", "dnsmos_ovr"}
    assert all(1 < (score.value or 0) < 5 and score.verdict is None for score in rows.values())
    measured = measure(path, dnsmos=True)["tracks"]["agent"]["dnsmos"]
    assert measured == {scale: pytest.approx(rows[f"dnsmos_{scale}"].value, abs=0.001) for scale in SCALES}
