"""Reading the pages of an Ogg file (RFC 3533): the whole ones of its first stream, in order."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from evalhub.audio.ogg import FULL, checksum

MARK = b"OggS"
LAYOUT = struct.Struct("<4sBBqIIIB")
CONTINUED, LAST = 1, 4
"""flags: its first part belongs to a packet of the page before; no page follows"""
MOST_DAMAGED = 10_000
"""where a page may begin and none does: each is as much work as a whole page, and a file may be full of them"""


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


@contextmanager
def mapped(path: Path) -> Iterator[mmap]:
    """The bytes of a file that holds some."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        yield data


def pages(data: mmap) -> Iterator[Page]:
    """The whole pages of the first stream, in order; what lies between them is passed over."""
    at, damaged, serial = 0, 0, None
    while (at := data.find(MARK, at)) >= 0 and damaged < MOST_DAMAGED:
        page = _page(data, at)
        if page and page.serial == (page.serial if serial is None else serial):
            serial = page.serial
            yield page
        damaged += page is None
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
