"""Files of audio and files that are none."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from evalhub.audio.decode import BLOCK_S, LOUDEST, blocks, probe
from evalhub.errors import Unreadable
from tests.pure.audio.sound import RATE, room, write


def decoded(path: Path, **described: object) -> tuple[np.ndarray, np.ndarray]:
    found = list(blocks(probe(path, **described)))  # type: ignore[arg-type]
    native, speech = (np.concatenate(part, axis=1) for part in zip(*found, strict=True))
    return native, speech


@pytest.mark.parametrize(
    ("suffix", "subtype", "codec"),
    [
        ("wav", "PCM_16", "WAV/PCM_16"),
        ("wav", "ULAW", "WAV/ULAW"),
        ("flac", "PCM_24", "FLAC/PCM_24"),
        ("ogg", "OPUS", "OGG/OPUS"),
        ("ogg", "VORBIS", "OGG/VORBIS"),
        ("mp3", "MPEG_LAYER_III", "MP3/MPEG_LAYER_III"),
    ],
)
def test_formats_are_decoded_channel_by_channel(tmp_path: Path, suffix: str, subtype: str, codec: str) -> None:
    left, right = room(1.0, level=0.1), np.zeros(RATE, np.float32)
    path = write(tmp_path / f"a.{suffix}", left, right, subtype=subtype)
    assert probe(path).codec == codec
    native, _ = decoded(path)
    assert native.shape[1] >= RATE
    assert np.abs(native[0]).max() > 0.1 > 0.01 > np.abs(native[1]).max()


@pytest.mark.parametrize(("rate", "expected"), [(8_000, 8_000), (16_000, 16_000), (24_000, 16_000), (44_100, 16_000)])
def test_speech_is_analysed_at_8_or_16_khz(tmp_path: Path, rate: int, expected: int) -> None:
    seconds = BLOCK_S * 2 + 1.5
    tone = np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate).astype(np.float32) / 2
    native, speech = decoded(write(tmp_path / "a.wav", tone, rate=rate))
    assert native.shape == (1, round(seconds * rate))
    assert speech.shape[1] == pytest.approx(seconds * expected, abs=2)
    resampled = np.sin(2 * np.pi * 440 * np.arange(speech.shape[1]) / expected) / 2
    assert np.abs(speech[0] - resampled)[100:-100].max() < 0.01


@pytest.mark.parametrize("encoding", ["mulaw", "g711_ulaw", "alaw", "pcm16"])
def test_headerless_audio_needs_to_be_described(tmp_path: Path, encoding: str) -> None:
    subtype = {"alaw": "ALAW", "pcm16": "PCM_16"}.get(encoding, "ULAW")
    path = write(tmp_path / "a.raw", room(1.0, level=0.1), rate=8000, format="RAW", subtype=subtype)
    native, _ = decoded(path, rate=8000, encoding=encoding)
    assert native.shape == (1, RATE)
    assert native.std() == pytest.approx(0.1, abs=0.01)
    with pytest.raises(Unreadable):
        probe(path)


def test_a_header_counts_more_than_what_was_declared(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", room(0.1))
    assert probe(path, rate=8000, encoding="mulaw").rate == RATE


def test_a_telephone_suffix_describes_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ulaw", room(0.1, rate=8000), rate=8000, format="RAW", subtype="ULAW")
    assert (probe(path).rate, probe(path).codec, probe(path).has_header) == (8000, "RAW/ULAW", False)


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"", "0 bytes"),
        (b"Hello, this is no sound. " * 99, "Format not recognised"),
        (b"\x00\x00\x00\x20ftypM4A " + bytes(99), "an MP4 or M4A file"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "RIFF"),
    ],
)
def test_what_is_no_audio_is_refused_with_what_it_is(tmp_path: Path, content: bytes, got: str) -> None:
    path = tmp_path / "call.bin"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=r"call\.bin") as refused:
        probe(path)
    assert got in refused.value.problems[0].got or got == "RIFF"


def test_a_missing_file_and_an_unknown_encoding_are_told(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no such file"):
        probe(tmp_path / "gone.wav")
    (tmp_path / "a.raw").write_bytes(bytes(100))
    with pytest.raises(Unreadable, match="adpcm"):
        probe(tmp_path / "a.raw", encoding="adpcm")
    with pytest.raises(Unreadable, match="samples a second"):
        probe(tmp_path / "a.raw", encoding="pcm16")


def test_a_file_that_breaks_off_gives_what_there_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", room(12.0, level=0.1))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    assert probe(path).promised == soundfile.info(str(path)).frames == 12 * RATE
    native, _ = decoded(path)
    assert 8 * RATE <= native.shape[1] < 12 * RATE  # nearly three quarters, to the second


@pytest.mark.parametrize(
    ("rate", "channels", "got"), [(20, 2, "20"), (2_000_000_000, 1, "2,000,000,000"), (16_000, 900, "900")]
)
def test_what_a_header_claims_is_not_reserved(tmp_path: Path, rate: int, channels: int, got: str) -> None:
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate, (rate * channels * 2) & 0xFFFFFFFF, channels * 2, 16)
    body = b"WAVEfmt " + form + b"data" + struct.pack("<I", 3600) + bytes(3600)
    (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    with pytest.raises(Unreadable, match=got):
        probe(tmp_path / "a.wav")


def test_samples_that_are_no_sound_are_held_to_some(tmp_path: Path) -> None:
    samples = np.array([0.5, np.nan, np.inf, -np.inf, 1e30, -1e30, 3.0], np.float32)
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    [block] = blocks(probe(tmp_path / "a.wav"))
    assert block.native[0].tolist() == [0.5, 0, 0, 0, LOUDEST, -LOUDEST, 3.0]
