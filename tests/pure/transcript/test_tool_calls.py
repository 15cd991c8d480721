"""How tools were used, without any expectation."""

from evalhub.models import PromptVersion
from evalhub.transcript.tool_calls import ToolCalls
from tests.factories import make_conversation, make_tool_call
from tests.pure.transcript.helpers import called, evaluate, said, the_score

ORDER = {
    "type": "object",
    "properties": {"order_id": {"type": "string", "pattern": r"^[A-Z]\d{5}$"}, "size": {"$ref": "#/$defs/Size"}},
    "required": ["order_id"],
    "$defs": {"Size": {"enum": ["S", "M"]}},
}
PROMPT = PromptVersion(tools=[{"name": "find_order", "parameters": ORDER}])


def test_errors_retries_and_repetitions_are_told_apart() -> None:
    failed = make_tool_call(id="c1", error={"message": "timeout"}, start_ms=0, end_ms=1)
    retry = make_tool_call(id="c2", start_ms=5, end_ms=6)
    outcome = evaluate(ToolCalls(), called(failed, retry, make_tool_call(id="c3", start_ms=9, end_ms=10)))
    errors = the_score(outcome, "function_calls.errors")
    assert (errors.value, errors.counts) == (1.0, {"calls": 3, "retried": 1})
    repeated = the_score(outcome, "function_calls.repeated")
    assert (repeated.value, [place["tool_call_id"] for place in repeated.evidence]) == (1.0, ["c3"])


def test_arguments_against_the_declared_schema() -> None:
    conversation = called(
        ("find_order", {"order_id": "A12345", "size": "M"}),
        ("find_order", {"order_id": "12", "size": "XL"}),
        ("find_order", {}),
        ("teleport", {}),
        make_tool_call(id="c9", arguments="{broken"),
        prompt=PROMPT,
    )
    score = the_score(evaluate(ToolCalls(), conversation), "function_calls.schema_invalid")
    assert (score.value, score.counts["calls"]) == (4.0, 5)
    told = score.explanation or ""
    assert "find_order: order_id: '12' does not match" in told
    assert "'XL' is not one of ['S', 'M']" in told
    assert "'order_id' is a required property" in told
    assert "the prompt declares no such tool" in told
    assert "not valid JSON" in told


def test_nothing_a_schema_refers_to_is_fetched() -> None:
    tool = {"name": "find_order", "parameters": {"$ref": "http://127.0.0.1:9/schema.json"}}
    conversation = called(("find_order", {}), prompt=PromptVersion(tools=[{"type": "function", "function": tool}]))
    score = the_score(evaluate(ToolCalls(), conversation), "function_calls.schema_invalid")
    assert "its declared parameters cannot be read" in (score.explanation or "")


def test_a_schema_that_refers_to_itself_ends() -> None:
    endless = PromptVersion(tools=[{"name": "find_order", "parameters": {"$ref": "#"}}])
    outcome = evaluate(ToolCalls(), called(("find_order", {}), prompt=endless))
    assert the_score(outcome, "function_calls.schema_invalid").value == 1.0


def test_without_declared_tools_schemas_are_left_out() -> None:
    outcome = evaluate(ToolCalls(), called(("find_order", {})))
    assert "function_calls.schema_invalid" not in [score.metric for score in outcome.scores]


def test_an_argument_unlike_what_the_caller_spelled() -> None:
    turns = said("caller: it's a one two three four five, bought in twenty twenty five")
    conversation = called(("find_order", {"order_id": "A12346", "year": 2024}), turns=turns)
    score = the_score(evaluate(ToolCalls(), conversation), "function_calls.unlike_spelled")
    assert score.explanation == "find_order: order_id is 'A12346', but the caller spelled 'A12345'"
    assert [place["turn_id"] for place in score.evidence if "turn_id" in place] == ["t0"]


def test_a_corrected_spelling_counts() -> None:
    turns = said("caller: six eight one one victor oscar", "caller: no, six victor oscar romeo juliet uniform")
    conversation = called(("find", {"code": "6-VOR-JU"}), turns=turns)
    assert the_score(evaluate(ToolCalls(), conversation), "function_calls.unlike_spelled").value == 0.0


def test_without_calls_it_is_skipped() -> None:
    outcome = evaluate(ToolCalls(), make_conversation())
    assert (outcome.status, outcome.reason_code) == ("skipped", "no_tool_calls")
