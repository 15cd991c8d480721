"""Advice on tools: per call what was declared and used, over many calls what was never used or fails."""

from typing import Any

from evalhub.models import Conversation, PromptVersion
from evalhub.transcript.tool_advice import ToolAdvice
from evalhub.transcript.tools.advice import advice, tool_use
from tests.factories import make_conversation, make_tool_call
from tests.pure.transcript.helpers import called, evaluate, the_score


def with_tools(count: int, *calls: Any) -> Conversation:
    tools = [{"name": f"tool_{number}", "parameters": {}} for number in range(count)]
    return called(*calls, prompt=PromptVersion(tools=tools))


USE, FAIL = ("tool_0", {}), make_tool_call(name="tool_1", error="timeout")


def test_a_call_tells_how_many_tools_there_were_and_which_it_used() -> None:
    outcome = evaluate(ToolAdvice(), with_tools(3, USE, FAIL))
    assert the_score(outcome, "tool_advice.declared").value == 3.0
    used = the_score(outcome, "tool_advice.used")
    assert (used.value, used.explanation) == (2.0, "not used here: tool_2")
    failed = the_score(outcome, "tool_advice.failed")
    assert (failed.value, failed.explanation, len(failed.evidence)) == (0.5, "tool_1 1 of 1", 1)


def test_more_than_twenty_tools_are_many() -> None:
    assert the_score(evaluate(ToolAdvice(), with_tools(20)), "tool_advice.declared").label is None
    assert the_score(evaluate(ToolAdvice(), with_tools(21)), "tool_advice.declared").label == "many"


def told(*conversations: Conversation) -> str:
    return " ".join(advice(tool_use(conversations)))


def test_tools_are_called_unused_only_after_enough_calls() -> None:
    assert told(*[with_tools(2, USE) for _ in range(19)]) == ""
    assert told(*[with_tools(2, USE) for _ in range(20)]) == "Never used in 20 calls: tool_1. Are they still needed?"


def test_many_tools_are_to_be_taken_out_or_given_to_another_agent() -> None:
    text = told(*[with_tools(30, USE) for _ in range(20)])
    assert "30 tools are declared; models choose better among 20 or fewer." in text
    assert "tool_1, tool_10, tool_11, tool_12, tool_13, tool_14, tool_15, tool_16, tool_17, tool_18 and 19 more" in text
    assert "give them to an agent behind this one" in text


def test_tools_that_fail_often_are_named_with_their_share() -> None:
    assert told(with_tools(2, FAIL), with_tools(2, USE)) == ""  # one failure of one use says little
    text = told(*[with_tools(2, FAIL), *[with_tools(2, ("tool_1", {})) for _ in range(3)]])
    assert text == "tool_1 failed in 1 of 4 uses (25%): see what its errors say."


def test_what_is_called_and_not_declared_is_told() -> None:
    assert told(with_tools(2, ("teleport", {}))) == "Called, but not declared in the prompt: teleport."
    assert told(called(USE)) == ""


def test_without_tools_it_is_skipped() -> None:
    assert evaluate(ToolAdvice(), make_conversation()).reason_code == "no_tools"
