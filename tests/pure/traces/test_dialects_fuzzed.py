"""Every dialect on recorded spans of which anything may be missing, late, or of another type: it reads what is left."""

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhub.bundled import bundled
from evalhub.errors import BadInput
from evalhub.traces import dialects
from evalhub.traces.formats import agents_sdk, livekit_report, livekit_upload
from evalhub.traces.formats.native_dump import dump
from evalhub.traces.formats.otlp_file import decode
from evalhub.traces.grouping import calls_of
from evalhub.traces.spans import SpanRecord, TracedCall
from tests.pure.traces.traced import bodies, traced_calls

FOLDERS = [
    "livekit",
    "livekit_speech_to_speech",
    "pipecat",
    "openinference",
    "openinference/full_audio",
    "otel_genai/proto_latest",
    "openai_agents",
]
ODD = st.sampled_from(
    [None, True, -1, 2**63, 1e300, "", "NOT_GIVEN", "{", "[1, {}]", "{'a': 1}", [], [{}], {}, {"data": 3}, {"a": []}]
)


@cache
def recorded(folder: str) -> TracedCall:
    """The longest call of a folder."""
    if folder == "openai_agents":
        calls = calls_of([span for _, body in bodies(folder) for span in agents_sdk.decode(body).spans])
    else:
        calls = traced_calls(folder)
    return max(calls, key=lambda call: len(call.spans))


@st.composite
def damaged(draw: st.DrawFn, folder: str) -> TracedCall:
    spans = list(recorded(folder).spans)
    for _ in range(draw(st.integers(1, 6))):
        index = draw(st.integers(0, len(spans) - 1))
        span = spans[index] = copy.deepcopy(spans[index])
        _damage(draw, span, spans)
    kept = draw(st.integers(1, len(spans)))
    return TracedCall(id="call-1", spans=draw(st.permutations(spans))[:kept], logs=recorded(folder).logs)


def _damage(draw: st.DrawFn, span: SpanRecord, spans: list[SpanRecord]) -> None:
    match draw(st.sampled_from(["value", "gone", "parent", "times", "name"])):
        case "value" if span.attributes:
            span.attributes[draw(st.sampled_from(sorted(span.attributes)))] = draw(ODD)
        case "gone":
            span.attributes = {}
        case "parent":
            span.parent_id = draw(st.sampled_from([None, span.span_id, *(one.span_id for one in spans)]))
        case "times":
            span.start_ns, span.end_ns = draw(st.sampled_from([(None, None), (2**62, 1), (None, 5), (5, None)]))
        case _:
            span.name = draw(st.sampled_from(["", *(one.name for one in spans)]))


@pytest.mark.parametrize("folder", FOLDERS)
@given(data=st.data())
@settings(max_examples=150)
def test_damaged_spans_are_read_as_far_as_they_go(folder: str, data: st.DataObject) -> None:
    call = data.draw(damaged(folder))
    parsed = dialects.read(call)
    for conversation in parsed.conversations:
        json.dumps(dump(conversation), allow_nan=False, default=str)
        ids = [turn.id for turn in conversation.turns]
        assert len(ids) == len(set(ids))
    assert all(dialects.kind_of(span) for span in call.spans)


@cache
def told() -> list[tuple[tuple[Any, ...], Any]]:
    """The recorded session report, flat: where each value lies, and the value."""
    report = json.loads((bundled("sample_traces") / "livekit" / "session_report.json").read_bytes())
    return list(_flat(report | {"events": []}))


def _flat(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*path, key), item
        yield from _flat(item, (*path, key))


@given(data=st.data())
@settings(max_examples=150)
def test_a_damaged_session_report_is_read_as_far_as_it_goes(data: st.DataObject) -> None:
    report = json.loads((bundled("sample_traces") / "livekit" / "session_report.json").read_bytes())
    for path, _ in data.draw(st.lists(st.sampled_from(told()), min_size=1, max_size=8)):
        _put(report, path, copy.deepcopy(data.draw(ODD)))
    spans = recorded("livekit").spans if data.draw(st.booleans()) else []
    parsed = dialects.read(TracedCall(id="call-1", spans=spans, logs=[livekit_report.record(report)]))
    json.dumps(dump(parsed.conversations[0]), allow_nan=False, default=str)
    for part in ("turns", "tool_calls", "usage", "handoffs", "stage_timings"):
        ids = [item.id for item in getattr(parsed.conversations[0], part)]
        assert len(ids) == len(set(ids))


def _put(target: Any, path: tuple[Any, ...], value: Any) -> None:
    """Where an earlier damage took the place away, nothing is left to damage."""
    with suppress(KeyError, IndexError, TypeError):
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = value


@given(st.binary(max_size=200))
def test_any_bytes_are_records_or_refused_in_words(body: bytes) -> None:
    for read in (decode, agents_sdk.decode, livekit_report.decode, livekit_upload.decode):
        with suppress(BadInput):
            read(body)


def test_keys_that_are_special_elsewhere_are_plain_here() -> None:
    attributes: dict[str, Any] = {"__proto__": "x", "constructor": {"a": 1}, "": "empty", "a" * 5000: 1}
    span = SpanRecord(trace_id="t", span_id="s", attributes=attributes)
    assert dialects.read(TracedCall(id="c", spans=[span])).conversations[0].id == "c"


@given(header=st.binary(max_size=80), history=st.none() | st.binary(max_size=80))
def test_any_upload_of_livekit_is_kept_or_refused_in_words(header: bytes, history: bytes | None) -> None:
    named = b"\x0a\x04RM_1" + header  # a room, then anything
    for head in (header, named):
        with suppress(BadInput):
            [log] = livekit_upload.decode(livekit_upload.encode(head, history, has_audio=True)).logs
            json.dumps(log.body, allow_nan=False)
            dialects.read(TracedCall(id="RM_1", spans=[], logs=[log]))
