"""Writing Ogg Opus (RFC 3533, RFC 7845): packets that somebody else encoded, page by page."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

CLOCK = 48
"""Opus counts time at 48 samples a millisecond, whatever it was recorded at"""
SILENCE, SILENCE_MS = b"\xf8\xff\xfe", 20
"""a packet of 20 ms in which nothing is heard"""
PAUSE_MS = 60
"""a later packet than this was not recorded in one go with the one before"""
FULL = 255
FRAMES_MS = (*((10, 20, 40, 60) * 3), *((10, 20) * 2), *((2.5, 5, 10, 20) * 4))
"""the length of a frame by the first five bits of its packet (RFC 6716, table 2)"""


REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class OggOpus:
    """A stream that takes packets with their times in milliseconds."""

    def __init__(self, to: BinaryIO, head: bytes) -> None:
        self.to = to
        self.page = 0
        self.granule = 0
        self.first_ms: int | None = None
        self.waiting: list[bytes] = []
        self._write([head], flags=2)
        self._write([b"OpusTags" + struct.pack("<I", 7) + b"evalhub" + struct.pack("<I", 0)])

    def add(self, packet: bytes, at_ms: int) -> None:
        """The next packet; what is missing before it becomes silence, so that later sound keeps its place."""
        if not packet:
            return
        self.first_ms = at_ms if self.first_ms is None else self.first_ms
        missing_ms = (at_ms - self.first_ms) - self.granule / CLOCK
        if missing_ms > PAUSE_MS:
            for _ in range(int(missing_ms // SILENCE_MS)):
                self._take(SILENCE)
        self._take(packet)

    def close(self) -> None:
        """Write what waits."""
        self._write(self.waiting, flags=4)

    def _take(self, packet: bytes) -> None:
        segments = sum(len(one) // FULL + 1 for one in self.waiting)
        if segments + len(packet) // FULL + 1 > FULL:
            self._write(self.waiting)
            self.waiting = []
        self.waiting.append(packet)
        self.granule += round(length_ms(packet) * CLOCK)

    def _write(self, packets: list[bytes], flags: int = 0) -> None:
        lacing = b"".join(b"\xff" * (len(one) // FULL) + bytes([len(one) % FULL]) for one in packets)
        granule = self.granule if self.page > 1 else 0
        head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, 1, self.page, 0, len(lacing)) + lacing
        page = head + b"".join(packets)
        self.to.write(page[:22] + struct.pack("<I", checksum(page)) + page[26:])
        self.page += 1


def length_ms(packet: bytes) -> float:
    """How long a packet of Opus is (RFC 6716 section 3.1 and 3.2)."""
    code = packet[0] & 3
    frames = (1, 2, 2)[code] if code < 3 else packet[1] & 0x3F if len(packet) > 1 else 0
    return FRAMES_MS[packet[0] >> 3] * frames


def checksum(page: bytes) -> int:
    """What a page says of itself where its own checksum is 0 (RFC 3533 section 6): zlib's, with all bits reversed."""
    reversed_ = zlib.crc32(page.translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reversed_:032b}"[::-1], 2)
