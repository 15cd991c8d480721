"""The native format: what it accepts, what it names when it does not, and that nothing gets lost on the way."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from evalhub.errors import BadInput, Problem, Unreadable
from evalhub.models import Conversation
from evalhub.traces.formats import native
from evalhub.traces.formats.native_dump import dump
from tests.pure.traces.samples import NATIVE, example, facts


def parse(**body: Any) -> Conversation:
    return native.parse(json.dumps({"id": "x"} | body).encode(), None).conversations[0]


def problems(**body: Any) -> list[Problem]:
    with pytest.raises(BadInput) as refused:
        parse(**body)
    assert refused.value.status == 422
    return refused.value.problems


def test_the_example_of_the_page() -> None:
    [conversation] = native.parse(example(), None).conversations
    assert conversation.warnings is None
    assert conversation.duration_ms == 192_500
    assert conversation.started_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert [turn.id for turn in conversation.turns] == ["t1", "t2", "t3"]
    assert conversation.turns[2].heard_text == "Thanks. I found your"
    assert conversation.tool_calls[0].arguments == {"order_id": "A12345"}
    assert (conversation.handoffs[0].from_agent, conversation.handoffs[0].to_agent) == ("front-desk", "policy")
    assert conversation.spans[0].id == "5b8e...:051581bf3cb55c13"


def test_the_example_comes_back_with_nothing_but_ids_added() -> None:
    sent = json.loads(example())
    answered = dump(native.parse(example(), None).conversations[0])
    for name, prefix in (("handoffs", "h"), ("guardrail_trips", "g"), ("stage_timings", "s"), ("usage", "u")):
        assert answered[name][0].pop("id") == f"{prefix}1"
    assert answered["feedback"][0].pop("id") == "f1"
    del sent["tool_calls"][0]["error"], sent["spans"][0]["parent_id"]  # null says nothing
    assert answered == sent


@pytest.mark.parametrize("path", NATIVE, ids=lambda path: path.stem)
def test_every_sample_is_read_without_a_warning_and_comes_back(path: Any) -> None:
    [conversation] = native.parse(path.read_bytes(), None).conversations
    assert conversation.warnings is None
    again = native.parse(json.dumps(dump(conversation, state="ended")).encode(), None).conversations[0]
    assert facts(again) == facts(conversation)
    assert again.warnings is None


def test_only_the_id_is_required() -> None:
    conversation = parse()
    assert dump(conversation) == {"id": "x"}
    assert conversation.duration_ms is None


def test_missing_ids_are_given_by_position_and_never_twice() -> None:
    turns = [{"speaker": "caller"}, {"id": "t1", "speaker": "agent"}, {"speaker": "caller"}]
    assert [turn.id for turn in parse(turns=turns).turns] == ["t1.2", "t1", "t3"]


def test_aliases() -> None:
    turns = parse(turns=[{"speaker": "user"}, {"speaker": "assistant"}]).turns
    assert [turn.speaker for turn in turns] == ["caller", "agent"]
    assert parse(voiced={"user": [[1, 2]]}).voiced == {"caller": [[1, 2]]}


def test_times_are_kept_in_utc() -> None:
    assert parse(started_at="2026-11-01T11:00:00+01:00").started_at == datetime(2026, 11, 1, 10, tzinfo=UTC)


def test_every_fault_is_named_at_once() -> None:
    found = problems(
        started_at="2026-11-01T10:00:00",
        tags="returns",
        turns=[{"speaker": "bob", "start_ms": 2.5}, {"text": 1}, {"speaker": "user", "start_ms": 9, "end_ms": 3}],
        expectations={"function_calls": {"order": "sorted"}},
    )
    assert {(problem.path, problem.expected) for problem in found} >= {
        ("started_at", "an ISO 8601 time with a time zone, such as 2026-11-01T10:00:00Z"),
        ("tags", "a list"),
        ("turns[0].speaker", "caller | agent"),
        ("turns[0].start_ms", "a whole number of milliseconds"),
        ("turns[1].speaker", "a value, this field is required"),
        ("turns[2].end_ms", "start_ms (9) or later"),
    }
    assert any(problem.path == "expectations.function_calls.order" for problem in found)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"id": ""}, "id"),
        ({"id": ".."}, "id"),
        ({"id": "a\nb"}, "id"),
        ({"id": "x" * 256}, "id"),
        ({"id": 7}, "id"),
        ({"turns": {}}, "turns"),
        ({"turns": [3]}, "turns[0]"),
        ({"turns": [{"speaker": "agent", "text": "a" * 1_000_001}]}, "turns[0].text"),
        ({"turns": [{"speaker": "agent", "start_ms": True}]}, "turns[0].start_ms"),
        ({"turns": [{"speaker": "agent", "start_ms": 10**30}]}, "turns[0].start_ms"),
        ({"turns": [{"speaker": "agent", "start_ms": "5"}]}, "turns[0].start_ms"),
        ({"tool_calls": [{}]}, "tool_calls[0].name"),
        ({"channel": "sms"}, "channel"),
        ({"usage": [{"meter": "seconds", "quantity": -1}]}, "usage[0].quantity"),
        ({"voiced": {"agent": [[5, 1]]}}, "voiced.agent[0]"),
        ({"recordings": [{"track": "left"}]}, "recordings[0].track"),
        ({"recordings": [{"track": "agent"}, {"track": "agent"}]}, "recordings[1].track"),
        ({"started_at": 1_760_000_000}, "started_at"),
        ({"started_at": "2026-11-01T10:00:00Z", "ended_at": "2026-11-01T09:00:00Z"}, "ended_at"),
        ({"turns": [{"id": "a", "speaker": "agent"}, {"id": "a", "speaker": "agent"}]}, "turns[1].id"),
        ({"agent": {"architecture": "magic"}}, "agent.architecture"),
    ],
)
def test_a_fault_is_named_by_its_place(body: dict[str, Any], path: str) -> None:
    assert [problem.path for problem in problems(**body)] == [path]


def test_a_missing_id_is_named() -> None:
    with pytest.raises(BadInput) as refused:
        native.parse(b'{"turns": []}', None)
    assert [problem.path for problem in refused.value.problems] == ["id"]
    assert native.parse(b'{"turns": []}', "from-the-url").conversations[0].id == "from-the-url"


def test_another_id_than_expected_is_refused() -> None:
    with pytest.raises(BadInput, match="expected 'a', got 'x'"):
        native.parse(b'{"id": "x"}', "a")


def test_unknown_fields_are_kept_and_reported() -> None:
    conversation = parse(tool_call=[1], turns=[{"id": "t9", "speaker": "agent", "txt": "Hi"}], metadata={"store": "x"})
    assert conversation.meta == {"store": "x", "extra": {"tool_call": [1], "turns.t9.txt": "Hi"}}
    assert conversation.warnings == [
        {"path": "tool_call", "message": "unknown field `tool_call`, did you mean `tool_calls`?"},
        {"path": "turns[0].txt", "message": "unknown field `turns[0].txt`, did you mean `text`?"},
    ]
    again = native.parse(json.dumps(dump(conversation)).encode(), None).conversations[0]
    assert (again.meta, again.warnings) == (conversation.meta, None)


def test_what_points_at_a_turn_that_is_not_here_is_reported() -> None:
    warnings = parse(tool_calls=[{"name": "f", "turn_id": "t7"}]).warnings or []
    assert [warning["path"] for warning in warnings] == ["tool_calls[0].turn_id"]


def test_a_character_that_cannot_be_stored_is_written_out() -> None:
    conversation = parse(turns=[{"speaker": "agent", "text": "a\x00b"}], metadata={"\x00": ["\x00"]})
    assert conversation.turns[0].text == "a\\u0000b"
    assert conversation.meta == {"\\u0000": ["\\u0000"]}
    assert "U+0000" in (conversation.warnings or [])[0]["message"]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"id": "x",\n "turns": tru}', "line 2, column 11"),
        (b'{"id": "x", "tags": NaN}', "line 1, column 21"),
        (b'{"id": "\\ud800"}', "line 1, column 9"),
        (b'{"id": "\xff"}', "line 1, column 9"),
        (b"", "line 1, column 1"),
        (b'{"id": ' + b"[" * 100 + b"]" * 100 + b"}", "body"),
        (b'{"id": "a"}\n{"id": "b", }\n', "line 2, column 11"),
        (b"[]", "body"),
    ],
)
def test_what_is_not_json_says_where(body: bytes, place: str) -> None:
    with pytest.raises(Unreadable) as refused:
        native.parse(body, None)
    assert refused.value.status == 400
    assert [problem.path for problem in refused.value.problems] == [place]


def test_a_byte_order_mark_is_forgiven() -> None:
    assert native.parse(b'\xef\xbb\xbf{"id": "x"}', None).conversations[0].id == "x"


def test_many_conversations_in_one_file() -> None:
    lines = b'{"id": "a"}\n\n{"id": "b", "turns": [{"speaker": "user"}]}\n'
    assert [c.id for c in native.parse(lines, None).conversations] == ["a", "b"]
    parts = native.split(b'[{"id": "a"}, {"id": "b"}]')
    assert [(c.id, json.loads(own)) for c, own in parts] == [("a", {"id": "a"}), ("b", {"id": "b"})]


def test_faults_in_many_conversations_name_the_line() -> None:
    with pytest.raises(BadInput) as refused:
        native.parse(b'{"id": "a", "tags": 1}\n{"id": "b"}\n{"turns": 2, "id": "c"}\n', None)
    assert [problem.path for problem in refused.value.problems] == ["line 1: tags", "line 3: turns"]


def test_the_same_prompt_has_the_same_id() -> None:
    one, other = (parse(prompt={"instructions": text}).prompt_id for text in ("Help.", "Help!"))
    assert one != other
    assert one == parse(prompt={"instructions": "Help."}, turns=[]).prompt_id
