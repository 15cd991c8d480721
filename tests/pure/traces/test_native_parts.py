"""Events, the end and feedback: parts of a conversation, sent any number of times."""

import json
from typing import Any

import pytest

from evalhub.errors import BadInput, Unreadable
from evalhub.traces.formats import Parsed, native_parts
from evalhub.traces.formats.native_dump import dump
from evalhub.traces.formats.native_parts import END, EVENTS, FEEDBACK


def part(kind: str, body: Any) -> Parsed:
    return native_parts.parse(kind, json.dumps(body).encode(), "call-1")


def test_events_hold_any_of_the_lists() -> None:
    [told] = part(EVENTS, {"turns": [{"id": "t2", "speaker": "user", "reference_text": "A12"}]}).conversations
    assert (told.id, told.turns[0].reference_text, told.duration_ms) == ("call-1", "A12", None)


def test_an_item_without_an_id_has_the_same_one_whenever_it_comes() -> None:
    sent = {"usage": [{"meter": "tokens", "quantity": 3}, {"meter": "tokens", "quantity": 4}]}
    first, again = (part(EVENTS, sent).conversations[0].usage for _ in range(2))
    assert [row.id for row in first] == [row.id for row in again]
    assert len({row.id for row in first}) == 2


def test_what_comes_in_parts_lies_behind_the_whole() -> None:
    [told] = part(EVENTS, {"handoffs": [{"to": "policy"}]}).conversations
    assert told.handoffs[0].position > 1_000_000


def test_an_end_needs_no_body() -> None:
    ended = native_parts.parse(END, b"", "call-1")
    assert (ended.ended, dump(ended.conversations[0])) == (True, {"id": "call-1"})


def test_an_end_may_say_when_and_how() -> None:
    [told] = part(END, {"ended_at": "2026-11-01T10:00:00Z", "outcome": {"resolved": False}}).conversations
    assert dump(told) == {
        "id": "call-1",
        "ended_at": "2026-11-01T10:00:00.000Z",
        "outcome": {"resolved": False},
    }


@pytest.mark.parametrize("body", [{"name": "csat", "value": 4}, [{"name": "csat", "value": 4}]])
def test_feedback_is_one_item_or_a_list(body: Any) -> None:
    [told] = part(FEEDBACK, body).conversations
    assert [(row.name, row.value) for row in told.feedback] == [("csat", 4)]


@pytest.mark.parametrize(
    ("kind", "body", "path"),
    [
        (FEEDBACK, {"value": 4}, "name"),
        (FEEDBACK, [{"name": "csat"}, {}], "feedback[1].name"),
        (FEEDBACK, 4, "body"),
        (EVENTS, [], "body"),
        (EVENTS, {"turns": [{"id": "t1"}]}, "turns[0].speaker"),
        (END, {"ended_at": "now"}, "ended_at"),
    ],
)
def test_faults_are_named_by_their_place(kind: str, body: Any, path: str) -> None:
    with pytest.raises(BadInput) as refused:
        part(kind, body)
    assert [problem.path for problem in refused.value.problems] == [path]


def test_events_are_never_empty_bytes() -> None:
    with pytest.raises(Unreadable):
        native_parts.parse(EVENTS, b"", "call-1")
