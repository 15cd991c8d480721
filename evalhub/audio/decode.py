"""The door to soundfile and soxr: what a file of audio is, and its samples in blocks of constant size.

Two-hour calls never lie in memory whole: every reader here yields some seconds at a time, as float32 arrays of shape
(channels, samples), at the file's own rate and at the rate speech is analysed at.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from evalhub.audio import ogg_packets, webm
from evalhub.audio.arrays import Floats
from evalhub.audio.aside import told_if_full
from evalhub.errors import Problem, Unreadable

BLOCK_S = 20
"""every block begins with the caches of the processor cold: short ones take longer"""
WIDE, NARROW = 16_000, 8_000
RATES, MOST_CHANNELS = range(4_000, 384_001), 16
"""what a header may claim: a block is as long as it says, and a damaged one says anything"""
ENCODINGS = {
    **dict.fromkeys(("mulaw", "ulaw", "mu-law", "pcmu", "g711_ulaw", "audio/pcmu", "audio/x-mulaw"), "ULAW"),
    **dict.fromkeys(("alaw", "a-law", "pcma", "g711_alaw", "audio/pcma", "audio/x-alaw"), "ALAW"),
    **dict.fromkeys(("pcm", "pcm16", "pcm_s16le", "s16le", "linear16", "audio/pcm", "audio/l16"), "PCM_16"),
}
SUFFIXES = {".ulaw": "mulaw", ".mulaw": "mulaw", ".ul": "mulaw", ".alaw": "alaw", ".al": "alaw"}
CONTAINERS = (b"RIFF", b"RF64", b"RIFX", b"fLaC", b"OggS", b"ID3", b"FORM", b".snd", b"caff")
FOREIGN = {b"ftyp": "an MP4 or M4A file", b"#!AMR": "an AMR file"}
FLOATING = ("FLOAT", "DOUBLE")
LOUDEST = 1_000.0
"""60 dB over full scale: what samples that are numbers of any size are held to"""
FULL_SCALE = {"ULAW": 32124 / 32768, "ALAW": 32256 / 32768}
"""the loudest sample that G.711 can say; everywhere else it is 1"""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file of audio: samples a second, channels, how many samples its header promises, how it is encoded."""

    path: Path
    rate: int
    channels: int
    promised: int
    codec: str
    full_scale: float = 1.0
    has_header: bool = True

    @cached_property
    def pages(self) -> ogg_packets.Told:
        """What the pages of an Ogg Opus file tell; asked for the first time, it goes through the whole file."""
        return ogg_packets.read(self.path)

    @property
    def speech_rate(self) -> int:
        """The rate at which speech is analysed: 8 kHz for telephone sound, else 16 kHz."""
        return NARROW if self.rate <= NARROW else WIDE


class Block(NamedTuple):
    """The next seconds of a file: as recorded, and at the rate of analysis. Both (channels, samples) float32."""

    native: Floats
    speech: Floats


def probe(path: Path, *, rate: int | None = None, encoding: str | None = None, channels: int = 1) -> Source:
    """What this file is; `rate`, `encoding` and `channels` describe headerless audio and yield to a header.

    Raises:
        Unreadable: it is not audio that can be read here; says why and what would do.
    """
    with _opened(path, _raw_options(path, rate, encoding, channels)) as file:
        _refuse_absurd(path, file)
        return Source(
            path=path,
            rate=file.samplerate,
            channels=file.channels,
            promised=file.frames,
            codec=f"{'WEBM' if _head(path).startswith(webm.MARK) else file.format}/{file.subtype}",
            full_scale=FULL_SCALE.get(file.subtype, 1.0),
            has_header=file.format != "RAW",
        )


def _refuse_absurd(path: Path, file: Any) -> None:
    problems = []
    if file.samplerate not in RATES:
        expected = f"{RATES[0]:,} to {RATES[-1]:,} samples a second"
        problems.append(Problem("rate", expected, f"{file.samplerate:,}"))
    if file.channels > MOST_CHANNELS:
        problems.append(Problem("channels", f"{MOST_CHANNELS} at most", f"{file.channels:,}"))
    if problems:
        raise Unreadable(f"{path.name}: no recording of a call.", problems)


def blocks(source: Source) -> Iterator[Block]:
    """The samples of a file, `BLOCK_S` seconds at a time (the last block is shorter).

    A file that breaks off ends early: the caller sees fewer samples than `source.promised`.
    """
    import soxr

    resampler = None
    if source.rate != source.speech_rate:
        resampler = soxr.ResampleStream(source.rate, source.speech_rate, source.channels, dtype="float32")
    for native, is_last in _with_last(_native(source)):
        speech = native if resampler is None else resampler.resample_chunk(native, last=is_last)
        yield Block(_by_channel(native), _by_channel(speech))


def _native(source: Source) -> Iterator[Floats]:
    raw = {} if source.has_header else _raw(source.codec.partition("/")[2], source.rate, source.channels)
    whole = source.rate * BLOCK_S
    with _opened(source.path, raw, has_pauses=source.pages.has_pauses) as file:
        while len(block := _read(file, whole)):
            yield block
            if len(block) < whole:
                break


def _read(file: Any, frames: int) -> Floats:
    """The next frames; fewer where the file ends or is damaged, to the second."""
    block, at = np.empty((frames, file.channels), np.float32), 0
    while at < frames and (got := _filled(file, block[at : at + file.samplerate])):
        at += got
    return _held(block[:at]) if file.subtype in FLOATING else block[:at]


def _held(samples: Floats) -> Floats:
    """What is no number becomes silence, what is beyond any sound the loudest there is."""
    np.nan_to_num(samples, copy=False, posinf=0.0, neginf=0.0)
    return np.clip(samples, -LOUDEST, LOUDEST, out=samples)


def _filled(file: Any, part: Floats) -> int:
    """How many frames came."""
    import soundfile

    try:
        return len(file.read(out=part))
    except soundfile.LibsndfileError:
        return 0


def _with_last(items: Iterator[Floats]) -> Iterator[tuple[Floats, bool]]:
    held = next(items, None)
    for item in items:
        if held is not None:
            yield held, False
        held = item
    if held is not None:
        yield held, True


def _by_channel(frames: Floats) -> Floats:
    return np.ascontiguousarray(frames.T)


@contextmanager
def _opened(path: Path, raw: dict[str, Any], *, has_pauses: bool = False) -> Iterator[Any]:
    import soundfile

    with _handle(path, has_pauses=has_pauses) as handle:  # by descriptor, so that nothing is guessed from a file's name
        try:
            file = soundfile.SoundFile(handle.fileno(), closefd=False, **raw)
        except soundfile.LibsndfileError as error:
            raise _unreadable(path, error.error_string) from error
        with file:
            yield file


def _handle(path: Path, *, has_pauses: bool) -> BinaryIO:
    """The file; where its packets have to be laid out anew, an Ogg file that holds the same."""
    if _head(path).startswith(webm.MARK):
        return _laid_out(path, webm.opus_in_ogg)
    return in_time(path) if has_pauses else path.open("rb")


def in_time(path: Path) -> BinaryIO:
    """An Ogg Opus file again, with silence where its packets are late; the caller closes it.

    Raises:
        SetupError: there is no room for it.
    """
    return _laid_out(path, ogg_packets.with_pauses)


def _laid_out(path: Path, write: Callable[[Path, BinaryIO], None]) -> BinaryIO:
    with told_if_full(), ExitStack() as failing:
        ogg: BinaryIO = failing.enter_context(tempfile.TemporaryFile())
        write(path, ogg)
        ogg.seek(0)
        failing.pop_all()  # from here on the caller closes it
        return ogg


def _raw_options(path: Path, rate: int | None, encoding: str | None, channels: int) -> dict[str, Any]:
    """How to open headerless audio; nothing for a file that says itself what it is."""
    encoding = encoding or SUFFIXES.get(path.suffix.lower())
    if encoding is None or _head(path).startswith(CONTAINERS):
        return {}
    subtype = ENCODINGS.get(encoding.lower())
    if subtype is None:
        known = "one of mulaw, alaw, pcm16"
        raise Unreadable(f"{path.name}: unknown encoding.", [Problem("encoding", known, repr(encoding))])
    if rate is None and subtype == "PCM_16":
        raise Unreadable(f"{path.name}: headerless audio.", [Problem("rate", "samples a second", "nothing")])
    return _raw(subtype, rate or NARROW, channels)


def _raw(subtype: str, rate: int, channels: int) -> dict[str, Any]:
    return {"format": "RAW", "subtype": subtype, "samplerate": rate, "channels": channels, "endian": "LITTLE"}


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(16)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error


def _unreadable(path: Path, why: str) -> Unreadable:
    expected = (
        "WAV, FLAC, Ogg or WebM Opus, Ogg Vorbis, MP3, AIFF or AU; or headerless mu-law, a-law or PCM with its rate"
    )
    return Unreadable(f"{path.name}: no audio that can be read here.", [Problem("file", expected, _guess(path, why))])


def _guess(path: Path, why: str) -> str:
    if not path.is_file():
        return "no such file"
    head = _head(path)
    if not head:
        return "0 bytes"
    return next((name for mark, name in FOREIGN.items() if mark in head), why)
