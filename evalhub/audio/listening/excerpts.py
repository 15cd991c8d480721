"""Cutting turns out of a track: one pass over the file, block by block, and each piece as a small WAV file."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evalhub.audio.arrays import Floats
from evalhub.audio.decode import Source, blocks, probe
from evalhub.audio.intervals import Interval
from evalhub.audio.tracks import Track

AROUND_MS = 150
"""played before and after a turn, so that no sound at its edge is lost"""


def source_of(path: Path, track: Track) -> Source:
    """The file of a track."""
    recording = track.recording
    channels = len(recording.channels or [""])
    return probe(path, rate=recording.declared_rate, encoding=recording.declared_encoding, channels=channels)


def cut(source: Source, channel: int, stretches: Sequence[Interval]) -> list[Floats]:
    """The samples of each stretch (ms of the file) at `source.speech_rate`; shorter where the file ends before it.

    Memory: a block of the file and the stretches themselves, however long the call.
    """
    rate = source.speech_rate
    wanted = [(max(0, start) * rate // 1000, max(0, end) * rate // 1000) for start, end in stretches]
    pieces: list[list[Floats]] = [[] for _ in wanted]
    until, at = max((end for _, end in wanted), default=0), 0
    for block in blocks(source):
        samples = block.speech[channel]
        for piece, (start, end) in zip(pieces, wanted, strict=True):
            if start < at + len(samples) and end > at:
                piece.append(samples[max(0, start - at) : end - at].copy())
        at += len(samples)
        if at >= until:
            break
    return [np.concatenate(piece) if piece else np.zeros(0, np.float32) for piece in pieces]


def as_wav(samples: Floats, rate: int) -> str:
    """16-bit mono WAV in base64, as Chat Completions takes it."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return base64.b64encode(written.getvalue()).decode()


def around(interval: Interval, offset_ms: int, most_s: float) -> Interval:
    """What is played of a turn, in ms of its file."""
    start, end = interval[0] - offset_ms, min(interval[1] - offset_ms, interval[0] - offset_ms + round(most_s * 1000))
    return max(0, start - AROUND_MS), end + AROUND_MS
