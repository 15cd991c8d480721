"""Sound as a browser can play it: most files as they came, headerless telephone audio behind a WAV header."""

import io
import struct
from pathlib import Path
from typing import BinaryIO

from evalhub.models import AudioAnalysis, Recording

MEDIA_TYPES = {
    "flac": "audio/flac",
    "webm": "audio/webm",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "mp3": "audio/mpeg",
    "mpeg": "audio/mpeg",
}
"""by a word of the codec's name, the most particular first"""
WAVE_TAGS = {"mulaw": (7, 8), "alaw": (6, 8), "pcm_s16le": (1, 16)}
"""format tag and bits a sample of a WAV file (RFC 2361)"""


def media_type(analysis: AudioAnalysis | None) -> str:
    """What a browser is told it gets: from the bytes, never from what a sender called them."""
    codec = ((analysis.codec if analysis else None) or "").lower()
    return next((kind for name, kind in MEDIA_TYPES.items() if name in codec), "audio/wav")


class Playable(io.RawIOBase):
    """The bytes to play, with a header in front where they have none. The file is opened at the first read.

    Args:
        file: what is played in place of the file at `path`, and closed with this.
    """

    def __init__(self, path: Path, recording: Recording, file: BinaryIO | None = None) -> None:
        self.path, self.position, self.file = path, 0, file
        self.prefix = _header(path, recording)
        self.size = len(self.prefix) + (file.seek(0, io.SEEK_END) if file else path.stat().st_size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.size}[whence]
        self.position = max(0, base + offset)
        return self.position

    def tell(self) -> int:
        return self.position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self.prefix[self.position : self.position + len(buffer)] or self._from_file(len(buffer))
        buffer[: len(data)] = data
        self.position += len(data)
        return len(data)

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
        super().close()

    def _from_file(self, size: int) -> bytes:
        if self.file is None:
            self.file = self.path.open("rb")
        self.file.seek(self.position - len(self.prefix))
        return self.file.read(size)


def _header(path: Path, recording: Recording) -> bytes:
    if recording.declared_encoding not in WAVE_TAGS:
        return b""
    with path.open("rb") as file:
        return b"" if file.read(4) == b"RIFF" else _wav_header(recording, path.stat().st_size)


def _wav_header(recording: Recording, size: int) -> bytes:
    tag, bits = WAVE_TAGS[recording.declared_encoding or ""]
    channels, rate = len(recording.channels or [""]), recording.declared_rate or 8000
    frame = channels * bits // 8
    layout = struct.pack("<HHIIHHH", tag, channels, rate, rate * frame, frame, bits, 0)
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(layout)) + layout + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", len(body) + size) + body
