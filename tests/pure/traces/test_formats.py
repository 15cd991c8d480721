"""All formats: each sample belongs to exactly one, and no bytes whatever make one stumble."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhub import plugins
from evalhub.errors import BadInput
from evalhub.traces.formats import Parsed, native, native_parts, openai_realtime
from evalhub.traces.formats.native_dump import dump
from evalhub.traces.formats.peek import first_object
from tests.pure.traces.samples import NATIVE, PLATFORMS, REALTIME, REPORTS, REQUEST, SAMPLES, example

HEAD = 64 << 10
JSON = [path for name in plugins.formats() for path in (SAMPLES / name).rglob("*.json*") if path.name != REQUEST]
TEXTS = sorted({*JSON, *REPORTS})
READ = [native, openai_realtime, *(plugins.formats()[name] for name in PLATFORMS)]
LINES = [path for path in REPORTS if path.suffix.startswith(".json")]
SEEDS = [example(), NATIVE[0].read_bytes(), *(path.read_bytes()[:20_000] for path in (*REALTIME, *REPORTS))]
PIECES = [
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"-1",
    b"1e308",
    b"\\u0000",
    b"\xff",
    b"true",
    b'""',
    b"99999999999999",
]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_a_sample_belongs_to_the_format_of_its_folder(path: Path) -> None:
    head = path.read_bytes()[:HEAD]
    names = [name for name, module in plugins.formats().items() if module.recognises(head, None)]
    assert names == [path.relative_to(SAMPLES).parts[0]]


@pytest.mark.parametrize("at", [200, 1_000])
def test_a_cut_head_is_enough(at: int) -> None:
    assert native.recognises(NATIVE[0].read_bytes()[:at], None)
    assert openai_realtime.recognises(REALTIME[0].read_bytes()[:at], None)


def test_the_fields_of_the_first_object() -> None:
    assert first_object(b'[{"id": "x", "n": {"id": 1}, "l": [{}], "t": true, "c": "cut') == {
        "id": "x",
        "n": dict,
        "l": list,
        "t": True,
        "c": None,
    }
    assert first_object(b"no") == {}


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A recorded body with some bytes replaced, removed or doubled."""
    body = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start, length = draw(st.integers(0, len(body))), draw(st.integers(0, 40))
        body = body[:start] + draw(st.sampled_from(PIECES) | st.binary(max_size=4)) + body[start + length :]
    return body


def read_or_refused(read: Callable[..., Parsed], *arguments: object) -> Parsed | None:
    try:
        return read(*arguments)
    except BadInput as refused:
        return None if str(refused) else pytest.fail("refused without a word")


@given(mangled() | st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_in_words(body: bytes) -> None:
    for module in READ:
        module.recognises(body, None)
        if parsed := read_or_refused(module.parse, body, None):
            for conversation in parsed.conversations:
                json.dumps(dump(conversation), allow_nan=False).encode()
    for kind in (native_parts.EVENTS, native_parts.END, native_parts.FEEDBACK):
        read_or_refused(native_parts.parse, kind, body, "call-1")


ODD = st.sampled_from([[{}], [], {}, [[]], {"message": {}}, "2026-13-45T00:00:00Z", "1e999", 1e308, 10**15]).map(
    deepcopy
)
VALUES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5) | ODD


@given(st.data())
@settings(max_examples=300)
def test_any_value_in_any_field_of_a_report(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(LINES))
    texts = path.read_bytes().splitlines() if path.suffix == ".jsonl" else [path.read_bytes()]
    rows = [json.loads(text) for text in texts]
    for _ in range(data.draw(st.integers(1, 3))):
        target: Any = rows[data.draw(st.integers(0, len(rows) - 1))]
        for _ in range(data.draw(st.integers(0, 6))):
            inside = list(target.values()) if isinstance(target, dict) else target
            inner = [value for value in inside if isinstance(value, dict | list) and value]
            target = data.draw(st.sampled_from(inner)) if inner else target
        key = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
        target[key] = data.draw(VALUES)
    module = plugins.formats()[path.relative_to(SAMPLES).parts[0]]
    body = "\n".join(json.dumps(row) for row in rows).encode()
    if parsed := read_or_refused(module.parse, body, "call-1"):
        dumped = dump(parsed.conversations[0])
        json.dumps(dumped, allow_nan=False)
        assert read_or_refused(native.parse, json.dumps(dumped).encode(), "call-1")


@given(st.data())
def test_any_value_in_any_field_of_an_event(data: st.DataObject) -> None:
    rows = [json.loads(row) for row in data.draw(st.sampled_from(REALTIME)).read_bytes().splitlines()]
    for _ in range(3):
        target = rows[data.draw(st.integers(0, len(rows) - 1))]
        for _ in range(data.draw(st.integers(0, 5))):
            inner = [value for value in target.values() if isinstance(value, dict) and value]
            target = data.draw(st.sampled_from(inner)) if inner else target
        target[data.draw(st.sampled_from(sorted(target)))] = data.draw(VALUES)
    read_or_refused(openai_realtime.parse, "\n".join(json.dumps(row) for row in rows).encode(), None)


@given(st.data())
def test_any_value_in_any_field_of_a_conversation(data: st.DataObject) -> None:
    body = json.loads(example())
    target = body
    for _ in range(data.draw(st.integers(0, 4))):
        inside = list(target.values()) if isinstance(target, dict) else list(target)
        inner = [value for value in inside if isinstance(value, dict | list) and value]
        target = data.draw(st.sampled_from(inner)) if inner else target
    key = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
    target[key] = data.draw(VALUES)
    read_or_refused(native.parse, json.dumps(body).encode(), None)
