"""Request bodies, made before the clock starts.

Making spans is slow, so a stock of packed bodies is made once, with a tag in every id; a fresh body is one of them with
the tag replaced. The tag ends the ids: fresh rows spread over the whole index, as random ids do.
"""

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ingestion.calls import SPANS_A_CALL, SPANS_A_TURN, TAG, call

STOCK_CALLS = 1000
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
SALTS = count()
"""one for all supplies: they stock the same calls"""
RESOURCE = {"service.name": "repair-desk", "service.version": "2.3.0", "deployment.environment.name": "bench"}


@dataclass(frozen=True)
class Mark:
    """By what one span is found again: its call, and its ids in hexadecimal digits."""

    call: str
    trace: str
    span: str


@dataclass(frozen=True)
class Body:
    """One request, packed and gzipped, and the last of its spans."""

    content: bytes
    spans: int
    mark: Mark


class Supply:
    """Bodies that no server has seen before."""

    def __init__(self, batch: int) -> None:
        """`batch` is the number of spans in a body."""
        self.batch = batch
        self._stock = list(_stocked([span for number in range(STOCK_CALLS) for span in call(number)], batch))

    def take(self, spans: int) -> list[Body]:
        """Bodies with at least so many spans; where it can be, their calls are whole."""
        wanted = -(-spans // self.batch)
        most = wanted + SPANS_A_CALL
        whole = (number for number in range(wanted, most) if number * self.batch % SPANS_A_CALL == 0)
        return list(self._fresh(next(whole, wanted)))

    def _fresh(self, wanted: int) -> Iterator[Body]:
        salt = ""
        for number in range(wanted):
            place = number % len(self._stock)
            salt = _salt(next(SALTS)) if place == 0 else salt
            yield self._stock[place].fresh(salt)

    def one_call(self, spans: int) -> list[Body]:
        """One long call, a turn for every hundred of its spans."""
        turns = max(1, spans // 100)
        left = max(0, spans - turns * SPANS_A_TURN)
        steps = [left // turns + (turn < left % turns) for turn in range(turns)]
        salt = _salt(next(SALTS))
        return [stocked.fresh(salt) for stocked in _stocked(call(0, steps), self.batch)]


@dataclass(frozen=True)
class _Stocked:
    packed: bytes
    last: Span
    spans: int

    def fresh(self, salt: str) -> Body:
        tag, new = TAG.encode(), salt.encode()
        trace, span = (name.replace(tag, new).hex() for name in (self.last.trace_id, self.last.span_id))
        content = gzip.compress(self.packed.replace(tag, new), 1)
        return Body(content, self.spans, Mark(_session(self.last).replace(TAG, salt), trace, span))


def _salt(number: int) -> str:
    digits = (number // len(ALPHABET) ** place % len(ALPHABET) for place in range(len(TAG)))
    return "".join(ALPHABET[digit] for digit in digits)


def _session(span: Span) -> str:
    return next(one.value.string_value for one in span.attributes if one.key == "session.id")


def _stocked(spans: Sequence[Span], batch: int) -> Iterator[_Stocked]:
    for first in range(0, len(spans), batch):
        part = spans[first : first + batch]
        yield _Stocked(_packed(part), part[-1], len(part))


def _packed(spans: Sequence[Span]) -> bytes:
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    for key, value in RESOURCE.items():
        group.resource.attributes.add(key=key).value.string_value = value
    scoped = group.scope_spans.add()
    scoped.scope.name = "bench"
    scoped.spans.extend(spans)
    return request.SerializeToString()
