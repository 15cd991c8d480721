"""The packets of an Ogg Opus file (RFC 7845): when each is due, and what of the sound was lost with its pages.

The decoder plays what is left of a damaged file in one go, and so puts all that follows too early. Here packets keep
the times that their pages give them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from evalhub.audio.intervals import Interval
from evalhub.audio.ogg import CLOCK, PAUSE_MS, OggOpus, length_ms
from evalhub.audio.ogg_pages import CONTINUED, LAST, LAYOUT, MARK, Page, mapped, pages

HEAD, TAGS = b"OpusHead", b"OpusTags"
PRE_SKIP = slice(10, 12)
MOST_PAUSES = 3_600_000 * CLOCK
"""an hour: a page of thirty bytes may claim any time, and what is not there is made up for with silence"""
KEPT = 500


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
    with mapped(path) as data:
        for page in pages(data):
            for packet in stream.take(page):
                told.has_pauses |= packet.pause > PAUSE_MS * CLOCK
                if packet.after_loss and packet.pause and len(told.lost) < KEPT:
                    told.lost.append((stream.ms(packet.at - packet.pause), stream.ms(packet.at)))
        told.is_cut = page is not None and not page.flags & LAST and page.end < len(data)
    return told


def with_pauses(path: Path, to: BinaryIO) -> None:
    """Write the file again with silence where nothing is, so that later sound keeps its place."""
    stream = _Stream()
    with mapped(path) as data:
        packets = (packet for page in pages(data) for packet in stream.take(page))
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


def _is_opus(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(LAYOUT.size + 1 + len(HEAD))
    except OSError:  # whoever opens it says why
        return False
    return start.startswith(MARK) and start.endswith(HEAD)
