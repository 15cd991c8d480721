"""GenAI conventions, newest and older: the same dialogue wherever its words were put."""

import json
from typing import Any

import pytest

from evalhub.models import Conversation
from evalhub.traces import dialects
from evalhub.traces.formats import Parsed, genai
from evalhub.traces.spans import LogRecord, SpanRecord, TracedCall
from tests.pure.traces.traced import traced_calls

FOLDERS = ["proto_latest", "proto_default", "json_latest"]


@pytest.fixture(params=FOLDERS)
def call(request: pytest.FixtureRequest) -> Conversation:
    """The same call, recorded with content on spans, only in log records, and as JSON."""
    [traced] = traced_calls(f"otel_genai/{request.param}")
    assert dialects.dialect_of(traced) is genai
    return dialects.read(traced).conversations[0]


def test_the_dialogue(call: Conversation) -> None:
    assert [(turn.speaker, turn.agent_name, turn.text) for turn in call.turns] == [
        ("caller", None, "Hi, I'd like to book a tune up for Thursday."),
        ("agent", "Booking agent", "Let me check Thursday for you. "),
    ]


def test_text_is_not_speech(call: Conversation) -> None:
    assert {(turn.start_ms, turn.end_ms, turn.interrupted) for turn in call.turns} == {(None, None, None)}


def test_tools_that_ran_and_one_that_was_only_asked_for(call: Conversation) -> None:
    assert [(tool.name, tool.arguments, tool.result, tool.error) for tool in call.tool_calls] == [
        ("find_slots", {"day": "2026-11-26", "service": "tune-up"}, None, "calendar timeout"),
        ("book_slot", {"slot_id": "s-1430", "phone": "+15550100"}, None, None),
    ]
    assert all(tool.agent_name == "Booking agent" for tool in call.tool_calls)


def test_who_and_which_version(call: Conversation) -> None:
    assert (call.id, call.user_id, call.agent_name, call.agent_version) == (
        "call_9a01",
        "caller-82",
        "Booking agent",
        "1.4.2",
    )
    assert call.prompt
    assert call.prompt.instructions == "You book bike services. Prompt version 7."
    assert call.models == {"llm": "gpt-4.1-mini-2025-04-14"}


def test_tokens(call: Conversation) -> None:
    assert [(row.meter, row.quantity) for row in call.usage] == [
        ("input_tokens", 51),
        ("output_tokens", 31),
        ("input_tokens", 86),
        ("output_tokens", 20),
    ]


def span(number: int, parent: int | None = None, operation: str = "chat", **said: Any) -> SpanRecord:
    named = {f"gen_ai.{key.replace('__', '.')}": value for key, value in said.items()}
    return SpanRecord(
        trace_id="t",
        span_id=str(number),
        parent_id=str(parent) if parent else None,
        start_ns=10**15 + number,
        end_ns=10**15 + number + 1,
        attributes={"gen_ai.operation.name": operation} | named,
    )


def said(*texts: tuple[str, str]) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in texts])


def read(*spans: SpanRecord, logs: tuple[LogRecord, ...] = (), call_id: str = "c") -> Parsed:
    return genai.read(TracedCall(id=call_id, spans=spans, logs=logs))


def texts(parsed: Parsed) -> list[tuple[str, str | None]]:
    return [(turn.speaker, turn.text) for turn in parsed.conversations[0].turns]


def test_a_history_that_is_repeated_is_told_once() -> None:
    first = [("user", "Hi."), ("assistant", "Hello.")]
    parsed = read(
        span(1, input__messages=said(*first[:1]), output__messages=said(first[1])),
        span(2, input__messages=said(*first, ("user", "Bye.")), output__messages=said(("assistant", "Goodbye."))),
    )
    assert texts(parsed) == [("caller", "Hi."), ("agent", "Hello."), ("caller", "Bye."), ("agent", "Goodbye.")]


def test_a_history_that_was_cut_loses_nothing_new() -> None:
    parsed = read(
        span(1, input__messages=said(("user", "One."), ("user", "Two."))),
        span(2, input__messages=said(("user", "Three."))),
        span(3, input__messages=said(("user", "Three."))),
    )
    assert texts(parsed) == [("caller", "One."), ("caller", "Two."), ("caller", "Three.")]


def test_the_very_old_attributes() -> None:
    parsed = read(span(1, prompt="Hi.", completion="Hello."))
    assert texts(parsed) == [("caller", "Hi."), ("agent", "Hello.")]


def test_a_wrapper_does_not_count_its_childs_tokens_again() -> None:
    usage = {"usage__input_tokens": 7, "usage__output_tokens": "NOT_GIVEN"}
    rows = read(span(1, **usage), span(2, 1, **usage)).conversations[0].usage
    assert [(row.meter, row.quantity) for row in rows] == [("input_tokens", 7)]


def test_an_agent_inside_another_works_behind_it() -> None:
    parsed = read(span(1, None, "invoke_agent", agent__name="front"), span(2, 1, "invoke_agent", agent__name="policy"))
    [handoff] = parsed.conversations[0].handoffs
    assert (handoff.from_agent, handoff.to_agent, handoff.kind) == ("front", "policy", "delegation")


def test_what_a_tool_gave_is_in_the_next_call() -> None:
    asked = [{"role": "assistant", "parts": [{"type": "tool_call", "id": "x", "name": "find", "arguments": "{}"}]}]
    gave = [{"role": "tool", "parts": [{"type": "tool_call_response", "id": "x", "response": "{'ok': True}"}]}]
    parsed = read(span(1, output__messages=json.dumps(asked)), span(2, input__messages=json.dumps(gave)))
    [tool] = parsed.conversations[0].tool_calls
    assert (tool.name, tool.arguments, tool.result) == ("find", {}, {"ok": True})


def test_a_trace_without_a_session_is_over_with_its_root() -> None:
    assert read(span(1), call_id="t").ended
    assert not read(span(1), call_id="session").ended
    assert read(span(1, None, "invoke_workflow"), call_id="session").ended


@pytest.mark.parametrize("odd", [3, "[", '[{"parts": 3}]', "[[]]", "[null]", {"role": {}}, '[{"tool_calls": [1]}]'])
def test_odd_messages_are_lived_with(odd: Any) -> None:
    body = LogRecord(trace_id="t", span_id="1", name="gen_ai.choice", body=odd)
    read(span(1, input__messages=odd, output__messages=odd, tool__definitions=odd), logs=(body,))
