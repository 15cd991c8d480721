"""The judge by the Decisions endpoint, against a server that checks its questions against the package's own types."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openai.types.decision import Decision
from openai.types.decision_create_params import DecisionCreateParams
from pydantic import TypeAdapter

from evalhub.evaluators import Outcome
from evalhub.models import Conversation, Criterion, RubricVersion, Score
from evalhub.rubrics import load_library, to_version
from evalhub.settings import Settings
from evalhub.transcript.rubric_judge import RubricJudge
from tests.factories import make_conversation, make_tool_call, make_turn
from tests.pure.transcript.helpers import evaluate, said
from tests.stack.judge_server import Answer, serving

pytestmark = pytest.mark.stack

USAGE = {
    "input_tokens": 5000,
    "input_tokens_details": {"cached_tokens": 1000, "cache_write_tokens": 0},
    "output_tokens": 0,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 5000,
}
TYPES = TypeAdapter(DecisionCreateParams)
Reply = dict[str, Any] | None
Replies = Callable[[dict[str, Any]], Reply]


def chosen(question: Mapping[str, Any], value: str, probability: float) -> dict[str, Any]:
    """A choice; what it does not take is shared out among the other choices."""
    others = [one["value"] for one in question["choices"] if one["value"] != value]
    shares = {other: (1 - probability) / len(others) for other in others} | {value: probability}
    return {
        "type": "choice",
        "name": question["name"],
        "choice": value,
        "confidence": probability,
        "probabilities": [{"value": word, "probability": share} for word, share in shares.items()],
    }


def refused(question: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "refusal", "name": question["name"]}


class Judge:
    """Answers "pass, at t2" to everything but what `otherwise` says something else of; keeps what it was asked."""

    def __init__(self, otherwise: Replies = lambda _: None) -> None:
        self.otherwise = otherwise
        self.asked: list[dict[str, Any]] = []

    def __call__(self, path: str, body: dict[str, Any]) -> Answer:
        assert path == "/v1/decisions"
        TYPES.validate_python(body)
        self.asked.append(body)
        answer = {"model": "gpt-6-luna", "answers": [self.one(question) for question in body["questions"]]}
        Decision.model_validate(answer | {"usage": USAGE})
        return 200, answer | {"usage": USAGE}, {"x-request-id": "r1"}

    def one(self, question: dict[str, Any]) -> dict[str, Any]:
        if answer := self.otherwise(question):
            return answer
        return chosen(question, "t2" if ".place." in question["name"] else "pass", 0.95)


def call() -> Conversation:
    turns = said("agent: Returns, how can I help?", "caller: I want to return it.", "agent: Done, it is started.")
    started = make_tool_call(id="c1", name="start.return", turn_id="t2", result={"status": "return_started"})
    return make_conversation(turns=turns, tool_calls=[started])


def judged(respond: Any, rubric: RubricVersion | None = None, conversation: Conversation | None = None) -> Outcome:
    asked = rubric or to_version(load_library()["customer_service"], 1)
    with serving(respond) as url:
        settings = Settings(
            data_dir=Path("/nonexistent"), judge_url=url, judge_model="gpt-6-luna", judge_api="decisions"
        )
        return evaluate(RubricJudge(timeout_s=1), conversation or call(), settings=settings, rubric=asked)


def by_metric(outcome: Outcome) -> dict[str, Score]:
    assert outcome.status == "done", outcome.reason
    return {score.metric: score for score in outcome.scores}


def test_one_request_answers_the_whole_rubric() -> None:
    judge = Judge()
    outcome = judged(judge)
    scores = by_metric(outcome)
    assert len(judge.asked) == 1
    success = scores["criterion.task_success"]
    assert (success.value, success.verdict) == (1.0, "pass")
    assert success.probabilities == pytest.approx({"pass": 0.95, "fail": 0.025, "na": 0.025})
    assert [place["turn_id"] for place in success.evidence] == ["t2"]
    assert success.policy["back_end"] == success.policy["probabilities_from"] == "decisions"
    assert outcome.details["usage"] == {"input_tokens": 5000, "cached_tokens": 1000, "output_tokens": 0}
    assert outcome.details["request_ids"] == ["r1"]
    assert scores["rubric_judge.score"].value == 1.0


def test_the_conversation_is_messages_calls_and_outputs() -> None:
    judge = Judge()
    judged(judge)
    kinds = [item.get("type", item.get("role")) for item in judge.asked[0]["input"]]
    assert kinds == ["developer", "user", "assistant", "user", "assistant", "function_call", "function_call_output"]
    made, output = judge.asked[0]["input"][-2:]
    assert (made["call_id"], made["name"], output["call_id"]) == ("c1", "start_return", "c1")
    assert "return_started" in output["output"]


def test_a_fail_fails_and_what_does_not_apply_does_not() -> None:
    def otherwise(question: dict[str, Any]) -> Reply:
        word = {"brevity.verdict": "fail", "handoff_context.verdict": "na"}.get(question["name"])
        return chosen(question, word, 0.9) if word else None

    scores = by_metric(judged(Judge(otherwise)))
    assert (scores["criterion.brevity"].value, scores["criterion.brevity"].verdict) == (0.0, "fail")
    assert (scores["criterion.handoff_context"].value, scores["criterion.handoff_context"].verdict) == (None, "na")


@pytest.mark.parametrize(
    "otherwise",
    [
        lambda question: chosen(question, "pass", 0.6) if question["name"].endswith(".verdict") else None,
        lambda question: chosen(question, "na", 0.6) if question["name"].endswith(".verdict") else None,
        lambda question: chosen(question, "none", 0.9) if ".place." in question["name"] else None,
        lambda question: refused(question) if ".place." in question["name"] else None,
        refused,
    ],
    ids=["lukewarm", "hardly applies", "nowhere", "place refused", "all refused"],
)
def test_doubt_goes_to_people(otherwise: Replies) -> None:
    scores = by_metric(judged(Judge(otherwise)))
    criteria = [score for metric, score in scores.items() if metric.startswith("criterion.")]
    assert {(score.value, score.verdict) for score in criteria} == {(None, "unsure")}
    assert scores["rubric_judge.score"].value is None


def test_a_refused_question_leaves_the_others_answered() -> None:
    scores = by_metric(judged(Judge(lambda one: refused(one) if one["name"] == "empathy.verdict" else None)))
    assert scores["criterion.empathy"].verdict == "unsure"
    assert "refused" in (scores["criterion.empathy"].explanation or "")
    assert scores["criterion.brevity"].verdict == "pass"


def test_a_scale_gives_its_level_and_probabilities() -> None:
    levels = [{"value": value, "label": name, "anchor": "."} for value, name in ((1, "low"), (2, "fair"), (3, "high"))]
    criterion = Criterion(key="care", title="Care", question="How careful?", type="ordinal", levels=levels)
    rubric = RubricVersion(rubric="own", number=1, definition_hash="h", criteria=[criterion])

    def otherwise(question: dict[str, Any]) -> Reply:
        if question["type"] == "predicate":
            return {"type": "predicate", "name": question["name"], "probability": 0.9}
        if question["type"] != "score":
            return None
        shares = [("low", 0, 0.05), ("fair", 1, 0.6), ("high", 2, 0.35)]
        given = [{"label": label, "value": value, "probability": share} for label, value, share in shares]
        return {"type": "score", "name": question["name"], "score": 1.3, "confidence": 0.6, "probabilities": given}

    care = by_metric(judged(Judge(otherwise), rubric))["criterion.care"]
    assert (care.label, care.value) == (2, 2.0)
    assert care.probabilities == pytest.approx({"1": 0.045, "2": 0.54, "3": 0.315, "na": 0.1})


def test_more_places_than_a_choice_holds_are_asked_in_portions() -> None:
    turns = [make_turn(id=f"t{index}", start_ms=index * 10, end_ms=index * 10 + 5) for index in range(300)]

    def otherwise(question: dict[str, Any]) -> Reply:
        if ".place." not in question["name"]:
            return None
        return chosen(question, "t299" if question["name"].endswith("1") else "none", 0.8)

    judge = Judge(otherwise)
    scores = by_metric(judged(judge, conversation=make_conversation(turns=turns)))
    assert scores["criterion.brevity"].evidence[0]["turn_id"] == "t299"
    assert all(len(one.get("choices", [])) <= 255 for body in judge.asked for one in body["questions"])


def test_a_rubric_beyond_400_questions_is_asked_in_portions() -> None:
    criteria = [Criterion(key=f"k{index}", title="K", question="Well?", position=index) for index in range(250)]
    judge = Judge()
    scores = by_metric(judged(judge, RubricVersion(rubric="own", number=1, definition_hash="h", criteria=criteria)))
    assert [len(body["questions"]) for body in judge.asked] == [400, 100]
    assert len([metric for metric in scores if metric.startswith("criterion.")]) == 250


GOOD = {"model": "gpt-6-luna", "usage": USAGE}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b"<html>", ("failed", "no_answer")),
        (200, GOOD, ("failed", "no_answer")),
        (200, GOOD | {"answers": []}, ("failed", "no_answer")),
        (200, GOOD | {"answers": [{"type": "predicate", "probability": 1.0}] * 20}, ("failed", "no_answer")),
        (200, GOOD | {"answers": [{"type": "choice"}] * 20}, ("failed", "no_answer")),
        (400, {"error": {"message": "no such question"}}, ("failed", "no_answer")),
        (400, {"error": {"message": "too long", "code": "context_length_exceeded"}}, ("failed", "too_long")),
        (500, {"error": {"message": "oops"}}, ("pending", "server_error")),
        (401, {"error": {"message": "bad key"}}, ("blocked", "key_refused")),
        (404, {"error": {"message": "no such endpoint"}}, ("blocked", "model_unknown")),
    ],
)
def test_no_verdict_is_made_of_what_is_no_answer(status: int, body: Any, expected: tuple[str, str]) -> None:
    outcome = judged(lambda _path, _body: (status, body, {}))
    assert (outcome.status, outcome.reason_code, outcome.scores) == (*expected, [])


def test_rate_limits_wait_as_long_as_they_ask() -> None:
    before = datetime.now(UTC)
    outcome = judged(lambda _path, _body: (429, {"error": {"message": "slow down"}}, {"Retry-After": "90"}))
    assert (outcome.status, outcome.reason_code) == ("pending", "rate_limited")
    assert outcome.not_before is not None
    assert timedelta(seconds=89) < outcome.not_before - before < timedelta(seconds=150)


def test_a_rate_limit_that_names_no_time_waits_too() -> None:
    before = datetime.now(UTC)
    outcome = judged(lambda _path, _body: (429, {"error": {"message": "slow down"}}, {}))
    assert outcome.not_before is not None
    assert timedelta(seconds=19) < outcome.not_before - before < timedelta(seconds=60)


def test_what_is_too_long_is_shown_by_half() -> None:
    turns = [make_turn(id=f"t{index}", start_ms=index, text="long " * 100) for index in range(40)]
    judge = Judge(lambda one: chosen(one, "t0", 0.9) if ".place." in one["name"] else None)

    def respond(path: str, body: dict[str, Any]) -> Answer:
        if len(body["input"]) > 25:
            return 400, {"error": {"message": "maximum context length", "code": "context_length_exceeded"}}, {}
        return judge(path, body)

    outcome = judged(respond, conversation=make_conversation(turns=turns))
    left_out = by_metric(outcome)["criterion.brevity"].policy["items_left_out"]
    assert 15 < left_out < 25
    assert outcome.details["halved"] == 1
