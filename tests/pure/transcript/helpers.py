"""What the tests of this tier share: a context without anything connected, and short ways to write calls."""

from pathlib import Path
from typing import Any

from evalhub.evaluators import Context, Evaluator, Outcome, run
from evalhub.models import Conversation, Score, ToolCall
from evalhub.settings import Settings
from tests.factories import make_conversation, make_tool_call, make_turn


def make_context(**overrides: Any) -> Context:
    fields = {"settings": Settings(data_dir=Path("/nonexistent")), "audio_path": lambda _: None}
    return Context(**(fields | overrides))


def evaluate(evaluator: Evaluator, conversation: Conversation, **context: Any) -> Outcome:
    return run(evaluator, conversation, make_context(**context))


def the_score(outcome: Outcome, metric: str, subject_id: str = "") -> Score:
    assert outcome.status == "done", outcome.reason
    found = [score for score in outcome.scores if (score.metric, score.subject_id) == (metric, subject_id)]
    assert len(found) == 1, [(score.metric, score.subject_id) for score in outcome.scores]
    return found[0]


def called(*calls: tuple[str, dict[str, Any]] | ToolCall, **overrides: Any) -> Conversation:
    """A conversation whose calls came one after the other, a second each."""
    made = [
        call
        if isinstance(call, ToolCall)
        else make_tool_call(
            id=f"c{i}", name=call[0], arguments=call[1], start_ms=1000 * i, end_ms=1000 * i + 500, position=i
        )
        for i, call in enumerate(calls)
    ]
    return make_conversation(tool_calls=made, **overrides)


def said(*lines: str) -> list[Any]:
    """Turns from "agent: ..." and "caller: ..." lines, two seconds each."""
    return [
        make_turn(
            id=f"t{i}",
            position=i,
            speaker=line.split(": ", 1)[0],
            text=line.split(": ", 1)[1],
            start_ms=2000 * i,
            end_ms=2000 * i + 1500,
        )
        for i, line in enumerate(lines)
    ]
