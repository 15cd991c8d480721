"""WebM as browsers record it: the Opus packets taken out and put into an Ogg file, which the decoder reads.

Nothing is decoded or re-encoded here. Sources: RFC 8794 (EBML), RFC 9559 (Matroska), RFC 7845 (Opus in Ogg),
RFC 6716 section 3.1 (how long a packet is).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

from evalhub.audio.ogg import OggOpus
from evalhub.errors import Problem, Unreadable

MARK = b"\x1a\x45\xdf\xa3"
LARGEST = 1 << 20
"""bytes of one element that is kept: a second of Opus has at most 64 KiB"""
LACED = 0x06


class Opened(IntEnum):
    """Elements whose content is read as elements."""

    SEGMENT = 0x18538067
    CLUSTER = 0x1F43B675
    TRACKS = 0x1654AE6B
    TRACK = 0xAE
    BLOCK_GROUP = 0xA0


class Kept(IntEnum):
    """Elements whose content says something here."""

    NUMBER = 0xD7
    CODEC = 0x86
    PRIVATE = 0x63A2
    TIME = 0xE7
    SIMPLE_BLOCK = 0xA3
    BLOCK = 0xA1


OPENED, KEPT = frozenset(Opened), frozenset(Kept)


@dataclass
class _Track:
    number: int
    codec: str = ""
    head: bytes = b""


def opus_in_ogg(path: Path, to: BinaryIO) -> None:
    """Write the Opus track of a WebM file as Ogg Opus; pauses in the recording become silence.

    Raises:
        Unreadable: no Opus track, or damaged before any sound.
    """
    with path.open("rb") as file:
        packets = _packets(path, file)
        head, first = next(packets, (b"", None))
        if first is None:
            raise _unreadable(path, "no sound of the codec Opus")
        ogg = OggOpus(to, head)
        ogg.add(*first)
        for _, packet in packets:
            ogg.add(*packet)  # type: ignore[misc]
        ogg.close()


def _packets(path: Path, file: BinaryIO) -> Iterator[tuple[bytes, tuple[bytes, int] | None]]:
    """The track's header and each packet with its time in ms."""
    tracks: list[_Track] = []
    opus: _Track | None = None
    cluster_ms = 0
    for name, content in _elements(file):
        match name:
            case Kept.NUMBER:
                tracks.append(_Track(int.from_bytes(content)))
            case Kept.CODEC if tracks:
                tracks[-1].codec = content.decode("latin-1")
            case Kept.PRIVATE if tracks:
                tracks[-1].head = content
            case Kept.TIME:
                cluster_ms = int.from_bytes(content)
            case Kept.SIMPLE_BLOCK | Kept.BLOCK:
                opus = opus or next((track for track in tracks if track.codec == "A_OPUS" and track.head), None)
                if opus and (packet := _packet(path, content, opus.number, cluster_ms)):
                    yield opus.head, packet


def _packet(path: Path, block: bytes, track: int, cluster_ms: int) -> tuple[bytes, int] | None:
    number, at = _vint(block, 0)
    if number != track or len(block) < at + 3:
        return None
    if block[at + 2] & LACED:
        raise _unreadable(path, "several packets in one block, as no browser writes them")
    return block[at + 3 :], cluster_ms + int.from_bytes(block[at : at + 2], signed=True)


def _elements(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The kept elements in order, at any depth. One that breaks off ends the file, as a recording that was cut does."""
    while (head := _read_vint(file, marker=True)) is not None and (size := _read_vint(file)) is not None:
        if head in OPENED:
            continue  # its children follow, also where its size is not known yet
        if head in KEPT and size <= LARGEST:
            content = file.read(size)
            if len(content) < size:
                return
            yield head, content
        else:
            file.seek(size, 1)


def _read_vint(file: BinaryIO, *, marker: bool = False) -> int | None:
    """A number of variable length (RFC 8794 section 4); None at the end of the file."""
    first = file.read(1)
    if not first or first == b"\0":
        return None
    length = 9 - first[0].bit_length()
    rest = file.read(length - 1)
    whole = int.from_bytes(first + rest)
    return whole if marker else whole & ((1 << (7 * length)) - 1)


def _vint(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data) or data[at] == 0:
        return 0, at
    length = 9 - data[at].bit_length()
    return int.from_bytes(data[at : at + length]) & ((1 << (7 * length)) - 1), at + length


def _unreadable(path: Path, why: str) -> Unreadable:
    return Unreadable(f"{path.name}: this WebM file cannot be read.", [Problem("file", "Opus in WebM", why)])
