"""Reading request bodies with every cap enforced while reading: as sent, and as inflated."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import request
from isal import isal_zlib

from evalhub.errors import Problem, TooLarge, Unreadable, UnsupportedType

MAX_BODY = 64 << 20
BLOCK = 1 << 16
UNSUSPECTED = 8 << 20
MOST_TIMES = 200
"""a body that inflates beyond this many times its size, and beyond that size, is a bomb"""
STREAMED = 1 << 20
"""a block of what is stored without being looked at"""


@dataclass(frozen=True)
class Packed:
    """A body as it was sent, and as it reads."""

    sent: bytes
    body: bytes
    encoding: str
    """gzip | identity: of `sent`"""


def read_body(limit: int = MAX_BODY) -> bytes:
    """The body of this request, inflated if it was sent as gzip.

    Raises:
        TooLarge: more than `limit` bytes, before or after inflating, or inflated to many times what was sent.
        Unreadable: the gzip data is broken or cut off.
        UnsupportedType: an encoding other than gzip.
    """
    return read_packed(limit).body


def read_packed(limit: int = MAX_BODY) -> Packed:
    """The body of this request both ways; raises like `read_body`."""
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise UnsupportedType("Unknown Content-Encoding.", [Problem("Content-Encoding", "gzip or none", encoding)])
    if encoding == "identity":
        body = b"".join(_capped(_blocks(), limit))
        return Packed(body, body, encoding)
    sent = b"".join(_capped(_blocks(), limit))
    cap = min(limit, max(UNSUSPECTED, len(sent) * MOST_TIMES))
    return Packed(sent, b"".join(_capped(_inflated(_cut(sent)), cap)), encoding)


def stream_body() -> Iterator[bytes]:
    """The body of this request block by block, never whole in memory.

    Raises:
        UnsupportedType: it is packed; sound is kept as it comes.
    """
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding != "identity":
        raise UnsupportedType("Send sound as it is.", [Problem("Content-Encoding", "none", encoding)])
    return _blocks(STREAMED)


def _blocks(size: int = BLOCK) -> Iterator[bytes]:
    while block := request.stream.read(size):
        yield block


def _cut(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), BLOCK):
        yield body[start : start + BLOCK]


def _capped(blocks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    total = 0
    for block in blocks:
        total += len(block)
        if total > limit:
            raise TooLarge(
                f"The body is larger than {limit >> 20} MiB.", [Problem("body", f"<= {limit} bytes", "more")]
            )
        yield block


def _inflated(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Every gzip member in turn: one body may be packed in several pieces."""
    inflater = isal_zlib.decompressobj(wbits=31)
    try:
        for block in blocks:
            while block:
                inflater = isal_zlib.decompressobj(wbits=31) if inflater.eof else inflater
                yield inflater.decompress(block, BLOCK)
                block = inflater.unconsumed_tail or inflater.unused_data
    except isal_zlib.error as error:
        raise Unreadable("The body is not the gzip data it says it is.") from error
    if not inflater.eof:
        raise Unreadable("The gzip data ends too early.")
