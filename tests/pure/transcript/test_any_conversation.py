"""No evaluator of this tier crashes, whatever a conversation holds; each answers or says why not."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhub.business_rules import parse_rules
from evalhub.evaluators import Evaluator
from evalhub.expectations import check_expectations
from evalhub.models import Conversation, Handoff, PromptVersion, ToolCall, Turn, Usage
from evalhub.plugins import evaluators
from tests.pure.transcript.helpers import evaluate

OURS = [kind for kind in evaluators().values() if kind.__module__.startswith("evalhub.transcript.")]
KINDS = [kind for kind in OURS if kind.kind_of_work == "text"]
PAGE = (Path(__file__).resolve().parents[3] / "docs" / "metrics.md").read_text()
RULES = parse_rules("""
[[rules]]
key = "cancel"
title = "Cancel"
when_caller_says = ["cancel*", "call * off"]
must_call = [{name = "cancel"}, {agent = "policy"}]
must_not_call = [{name = "refund", arguments = {id = {any = true}}}]

[[rules]]
key = "safe"
title = "Safe"
when_called = [{name = "cancel"}]
confirmed_first = true
only_after = [{name = "find_order"}]
verified = ["id"]
""")
SENTENCES = st.sampled_from(
    [
        *("Please cancel order A one two three four.", "Yes.", "No, wait.", "What is your order number?", "", "   "),
        *("My name is Nora Whitfield, March 3rd, $49.90.", "As I said, we are open.", "Goodbye.", "はい、一二三", "?!"),
        "We have Monday at eight, Tuesday at nine, and Wednesday at four.",
    ]
)
TEXT = st.none() | SENTENCES | st.text(max_size=30)
MS = st.none() | st.integers(0, 60_000)
NAME = st.sampled_from(["cancel", "refund", "find_order", "ask_policy", "set_stage", "verify"])
FIELD = st.sampled_from(["id", "stage", "found"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(FIELD, inner, max_size=2),
    max_leaves=4,
)
EXTRA = st.none() | st.fixed_dictionaries({"stage": JSON})


@st.composite
def conversations(draw: Any) -> Conversation:
    many = draw(st.integers(0, 5))
    turns = [
        Turn(
            id=f"t{n}",
            position=n,
            speaker=draw(st.sampled_from(["caller", "agent"])),
            agent_name=draw(st.none() | NAME),
            text=draw(TEXT),
            heard_text=draw(TEXT),
            reference_text=draw(TEXT),
            interrupted=draw(st.none() | st.booleans()),
            kind=draw(st.sampled_from([None, "turn", "backchannel", "farewell"])),
            start_ms=draw(MS),
            end_ms=draw(MS),
            extra=draw(EXTRA),
        )
        for n in range(many)
    ]
    calls = [
        ToolCall(
            id=f"c{n}",
            name=draw(NAME),
            arguments=draw(JSON),
            result=draw(JSON),
            error=draw(st.none() | st.just("timeout")),
            status=draw(st.sampled_from([None, "completed", "cancelled"])),
            turn_id=draw(st.sampled_from([None, "t0", "t1", "gone"])),
            agent_name=draw(st.none() | NAME),
            start_ms=draw(MS),
            end_ms=draw(MS),
            extra=draw(EXTRA),
        )
        for n in range(draw(st.integers(0, 3)))
    ]
    kind = st.sampled_from([None, "transfer", "delegation"])
    handoffs = [
        Handoff(
            id=f"h{n}",
            from_agent=draw(st.none() | NAME),
            to_agent=draw(st.none() | NAME),
            at_ms=draw(MS),
            kind=draw(kind),
            summary=draw(TEXT),
        )
        for n in range(draw(st.integers(0, 2)))
    ]
    entry = st.fixed_dictionaries({"name": NAME}, optional={"arguments": st.fixed_dictionaries({"id": JSON})})
    calls_wanted = st.fixed_dictionaries(
        {"calls": st.lists(entry, max_size=2), "forbidden": st.lists(entry, max_size=1)}
    )
    wanted = {"function_calls": calls_wanted, "stages": st.just(["verify", "close"]), "end_state": st.just({"a": 1})}
    tools = st.lists(
        st.one_of(st.just({"name": "cancel"}), JSON.map(lambda p: {"name": "refund", "parameters": p}), JSON),
        max_size=2,
    )
    stages = st.lists(
        st.fixed_dictionaries({"id": NAME}, optional={"instructions": TEXT, "required": st.booleans()}), max_size=3
    )
    return Conversation(
        id="any",
        language=draw(st.sampled_from([None, "en-US", "de", ""])),
        architecture=draw(st.sampled_from([None, "chained", "speech_to_speech"])),
        duration_ms=draw(MS),
        turns=turns,
        tool_calls=calls,
        handoffs=handoffs,
        usage=[Usage(id="u", model=draw(st.none() | NAME), meter="input_tokens", quantity=draw(st.floats(0, 1e9)))],
        prompt=draw(st.none() | st.builds(PromptVersion, stages=st.none() | stages, tools=st.none() | tools)),
        models=draw(st.none() | st.just({"llm": "gpt-5-mini"})),
        expectations=draw(st.none() | st.fixed_dictionaries({}, optional=wanted) | JSON),  # type: ignore[arg-type]
        end_state=draw(st.none() | st.just({"a": 2})),
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@settings(max_examples=40)
@given(conversation=conversations())
def test_it_answers_or_says_why_not(kind: type[Evaluator], conversation: Conversation) -> None:
    outcome = evaluate(kind(), conversation, business_rules=RULES)
    if kind.name == "function_calls" and check_expectations(conversation.expectations):
        return  # what is wrong with them is said
    assert outcome.status in ("done", "skipped"), outcome.details.get("traceback", outcome.reason)
    assert outcome.scores or outcome.reason
    for score in outcome.scores:
        assert score.value is not None or score.verdict or score.reason, score.metric
    keys = [(score.metric, score.subject_type, score.subject_id) for score in outcome.scores]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_its_metrics_are_defined_on_the_page_they_name(kind: type[Evaluator]) -> None:
    headings = {line.lower().replace(" ", "-") for line in re.findall(r"^## (.+)$", PAGE, re.MULTILINE)}
    for metric in kind.metrics:
        assert metric.page.removeprefix("docs/metrics.md#") in headings
        assert f"`{metric.id}`" in PAGE
