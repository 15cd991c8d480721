"""Multipart bodies part by part, as they come in: nothing is ever whole in memory (RFC 7578)."""

from collections.abc import Iterator

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from evalhub.errors import Problem, TooLarge, Unreadable, UnsupportedType
from webui.api.bodies import STREAMED, stream_body

MOST_PARTS = 16
MOST_HEADERS = 64 << 10
"""bytes that a part may have before its content"""
LONGEST_BOUNDARY = 70


def read_parts() -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and content of each part, to be read before the next one is asked for.

    Raises:
        UnsupportedType: the body is not multipart/form-data.
        TooLarge: more parts, or longer headers, than anything needs.
        Unreadable: it is broken or cut off.
    """
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not (0 < len(boundary) <= LONGEST_BOUNDARY and boundary.isascii()):
        found = request.content_type or "none"
        raise UnsupportedType("Unknown Content-Type.", [Problem("Content-Type", "multipart/form-data", found)])
    decoder = MultipartDecoder(boundary.encode(), 2 * STREAMED + MOST_HEADERS, max_parts=MOST_PARTS)
    events = _events(decoder)
    for event in events:
        if isinstance(event, Field | File):
            content = _content(events)
            yield event.name or "", content
            for _ in content:
                pass


def _content(events: Iterator[Event]) -> Iterator[bytes]:
    for event in events:
        if isinstance(event, Data):
            yield event.data
            if not event.more_data:
                return


def _events(decoder: MultipartDecoder) -> Iterator[Event]:
    try:
        for block in _and_end(stream_body()):
            decoder.receive_data(block)
            while not isinstance(event := decoder.next_event(), NeedData):
                yield event
                if isinstance(event, Epilogue):
                    return
    except RequestEntityTooLarge as error:
        told = f"at most {MOST_PARTS} parts with at most {MOST_HEADERS} bytes of headers"
        raise TooLarge("This multipart body is built too large.", [Problem("body", told, "more")]) from error
    except ValueError as error:
        raise Unreadable("The body is not the multipart data it says it is, or ends too early.") from error


def _and_end(blocks: Iterator[bytes]) -> Iterator[bytes | None]:
    yield from blocks
    yield None
