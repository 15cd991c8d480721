"""Reading the pages of an Ogg Opus file (RFC 3533, RFC 7845): when each packet is due, and which pages are lost.

The decoder plays what is left of a damaged file in one go, and so puts all that follows too early. Here packets keep
the times that their pages give them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import BinaryIO, NamedTuple

from evalhub.audio.intervals import Interval
from evalhub.audio.ogg import CLOCK, FULL, PAUSE_MS, OggOpus, checksum, length_ms

MARK, HEAD, TAGS = b"OggS", b"OpusHead", b"OpusTags"
LAYOUT = struct.Struct("<4sBBqIIIB")
CONTINUED, LAST = 1, 4
PRE_SKIP = slice(10, 12)
MOST_PAUSES = 3_600_000 * CLOCK
"""an hour: a page of thirty bytes may claim any time, and what is not there is made up for with silence"""
KEPT = 500


@dataclass(frozen=True, kw_only=True)
class Page:
    """One whole page: its stream, its place there, when its last packet ends, and the parts of packets on it."""

    serial: int
    number: int
    granule: int
    flags: int
    parts: list[bytes]
    is_open: bool
    """the last part goes on on the next page"""
    end: int
    """the byte after it"""


class Packet(NamedTuple):
    """A packet of Opus, and the silence and the loss before it, in samples of 48 kHz."""

    content: bytes
    at: int
    pause: int
    after_loss: bool


@dataclass
class Told:
    """What the pages of a file tell of its sound."""

    lost: list[Interval] = field(default_factory=list)
    """ms whose pages are damaged or not there"""
    has_pauses: bool = False
    """packets are due later than the ones before them end, whatever the reason"""
    is_cut: bool = False
    """it ends within a page and not with its last one"""


def read(path: Path) -> Told:
    """Go through a file; of one that is no Ogg Opus nothing is told."""
    told, stream, page = Told(), _Stream(), None
    if not _is_opus(path):
        return told
    with _mapped(path) as data:
        for page in _pages(data):
            for packet in stream.take(page):
                told.has_pauses |= packet.pause > PAUSE_MS * CLOCK
                if packet.after_loss and packet.pause and len(told.lost) < KEPT:
                    told.lost.append((stream.ms(packet.at - packet.pause), stream.ms(packet.at)))
        told.is_cut = page is not None and not page.flags & LAST and page.end < len(data)
    return told


def with_pauses(path: Path, to: BinaryIO) -> None:
    """Write the file again with silence where nothing is, so that later sound keeps its place."""
    stream = _Stream()
    with _mapped(path) as data:
        packets = (packet for page in _pages(data) for packet in stream.take(page))
        first = next(packets)
        again = OggOpus(to, stream.head)
        again.add(first.content, 0)
        for packet in packets:
            again.add(packet.content, packet.at // CLOCK)
        again.close()


class _Stream:
    """The packets of one stream as its pages come. Its clock begins with its first packet."""

    def __init__(self) -> None:
        self.head = b""
        self._number = -1
        self._begun = b""
        self._start: int | None = None
        self._end = 0
        self._paused = 0

    def ms(self, at: int) -> int:
        """A place in the sound."""
        return max(0, at - int.from_bytes(self.head[PRE_SKIP], "little")) // CLOCK

    def take(self, page: Page) -> Iterator[Packet]:
        """The packets that end on this page."""
        is_next, self._number = page.number == self._number + 1, page.number
        packets = self._whole(page, is_next=is_next)
        if packets and packets[0].startswith((HEAD, TAGS)):
            self.head = self.head or packets[0]
        elif packets:
            yield from self._timed(packets, page.granule, after_loss=not is_next)

    def _whole(self, page: Page, *, is_next: bool) -> list[bytes]:
        parts = list(page.parts)
        if page.flags & CONTINUED and parts:
            rest = parts.pop(0)
            parts = [self._begun + rest, *parts] if is_next else parts
        self._begun = parts.pop() if page.is_open and parts else b""
        return [packet for packet in parts if packet]

    def _timed(self, packets: list[bytes], granule: int, *, after_loss: bool) -> Iterator[Packet]:
        lengths = [round(length_ms(packet) * CLOCK) for packet in packets]
        due = granule - sum(lengths)
        self._start = due if self._start is None else self._start
        pause = max(0, due - self._start - self._end)
        pause = pause if self._paused + pause <= MOST_PAUSES else 0
        self._paused += pause
        for packet, length in zip(packets, lengths, strict=True):
            at = self._end + pause
            yield Packet(packet, at, pause, after_loss)
            self._end, pause, after_loss = at + length, 0, False


def _pages(data: mmap) -> Iterator[Page]:
    """The whole pages of the first stream, in order; what lies between them is passed over."""
    at, serial = 0, None
    while (at := data.find(MARK, at)) >= 0:
        page = _page(data, at)
        if page and page.serial == (page.serial if serial is None else serial):
            serial = page.serial
            yield page
        at = page.end if page else at + len(MARK)


def _page(data: mmap, at: int) -> Page | None:
    """The page that begins here; None where it is damaged or breaks off."""
    body = at + LAYOUT.size
    if body > len(data):
        return None
    _, _, flags, granule, serial, number, crc, segments = LAYOUT.unpack(data[at:body])
    lacing = data[body : body + segments]
    end = body + segments + sum(lacing)
    if end > len(data) or checksum(data[at : at + 22] + bytes(4) + data[at + 26 : end]) != crc:
        return None
    parts = list(_parts(lacing, data[body + segments : end]))
    is_open = bool(lacing) and lacing[-1] == FULL
    return Page(serial=serial, number=number, granule=granule, flags=flags, parts=parts, is_open=is_open, end=end)


def _parts(lacing: bytes, body: bytes) -> Iterator[bytes]:
    at = size = 0
    for length in lacing:
        size += length
        if length < FULL:
            yield body[at : at + size]
            at, size = at + size, 0
    if size:
        yield body[at:]


def _is_opus(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(LAYOUT.size + 1 + len(HEAD))
    except OSError:  # whoever opens it says why
        return False
    return start.startswith(MARK) and start.endswith(HEAD)


@contextmanager
def _mapped(path: Path) -> Iterator[mmap]:
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        yield data
