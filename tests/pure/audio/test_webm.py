"""WebM as browsers record it. The files in recorded/ are 2.46 s of tones from Chromium 156's MediaRecorder."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

from evalhub.audio.decode import blocks, probe
from evalhub.audio.ogg import SILENCE, OggOpus, length_ms
from evalhub.audio.webm import opus_in_ogg
from evalhub.errors import Unreadable

RECORDED = Path(__file__).parent / "recorded"
MONO, STEREO = RECORDED / "chromium-156-mono-440hz.webm", RECORDED / "chromium-156-left-440hz-right-880hz.webm"


def pitch(samples: np.ndarray, rate: int) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples))))) * rate / len(samples))


def decoded(path: Path) -> tuple[np.ndarray, int]:
    source = probe(path)
    return np.concatenate([block.native for block in blocks(source)], axis=1), source.rate


@pytest.mark.parametrize(("path", "tones"), [(MONO, [440]), (STEREO, [440, 880])])
def test_a_browsers_recording_is_decoded_channel_by_channel(path: Path, tones: list[int]) -> None:
    samples, rate = decoded(path)
    assert samples.shape[1] / rate == pytest.approx(2.46, abs=0.03)
    assert [pitch(channel, rate) for channel in samples] == pytest.approx(tones, abs=1)


def test_it_is_called_what_it_is() -> None:
    assert probe(MONO).codec == "WEBM/OPUS"


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_recording_that_was_cut_off_is_read_up_to_there(tmp_path: Path, kept: float) -> None:
    whole = MONO.read_bytes()
    (tmp_path / "cut.webm").write_bytes(whole[: int(len(whole) * kept)])
    samples, rate = decoded(tmp_path / "cut.webm")
    assert 2.0 * kept < samples.shape[1] / rate < 2.46
    assert pitch(samples[0], rate) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("junk", [b"", b"\x00" * 50, b"\xff" * 50, bytes(range(256)) * 9])
def test_what_holds_no_opus_is_refused_in_words(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "no.webm").write_bytes(b"\x1a\x45\xdf\xa3" + junk)
    with pytest.raises(Unreadable, match="WebM"):
        probe(tmp_path / "no.webm")


def test_a_pause_in_the_recording_keeps_later_sound_in_its_place() -> None:
    made, head = BytesIO(), b"OpusHead\x01\x01\x00\x00\x80\xbb\x00\x00\x00\x00\x00"
    ogg = OggOpus(made, head)
    for at_ms in (0, 20, 1_000, 1_020):
        ogg.add(SILENCE, at_ms)
    ogg.close()
    made.seek(0)
    assert soundfile.info(made).duration == pytest.approx(1.04, abs=0.001)


def test_long_recordings_fill_many_pages() -> None:
    made = BytesIO()
    opus_in_ogg(MONO, made)
    assert made.getvalue().count(b"OggS") == 3
    made.seek(0)
    assert soundfile.info(made).frames == 118_080


@pytest.mark.parametrize(
    ("packet", "ms"), [(b"\xf8", 20), (b"\x00", 10), (b"\x18", 60), (b"\x83\x04", 10), (b"\xfb\x03", 60), (b"\x01", 20)]
)
def test_the_length_of_a_packet_is_in_its_first_bytes(packet: bytes, ms: float) -> None:
    assert length_ms(packet) == ms
