"""The judge against an OpenAI-compatible server from another house: good answers, bad answers, and no answers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evalhub.errors import Blocked, Retryable
from evalhub.evaluators import Outcome
from evalhub.models import FAILED, Conversation, Criterion, RubricVersion, Score
from evalhub.openai_client import ModelError, ask_json
from evalhub.rubrics import load_library, to_version
from evalhub.settings import Settings
from evalhub.transcript.rubric_judge import RubricJudge
from evalhub.trust.agreement import agreement
from evalhub.trust.raters import Pair
from tests.factories import make_conversation, make_tool_call
from tests.pure.transcript.helpers import evaluate, said
from tests.stack.judge_server import Aimock, answering, running_aimock

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("aimock")]

CUSTOMER_SERVICE = load_library()["customer_service"]
ASKED = [criterion for criterion in CUSTOMER_SERVICE.criteria if criterion.modality != "audio"]
GOOD_QUOTE = {"turn_id": "t2", "quote": "the return is started"}
INVENTED = {"turn_id": "t2", "quote": "I will pay you a million dollars"}
CUT_OFF = {"content": '{"task_success": {"evidence": [', "finishReason": "length"}


@pytest.fixture(scope="module")
def aimock() -> Iterator[Aimock]:
    with running_aimock() as server:
        yield server


def call() -> Conversation:
    turns = said(
        "agent: Returns, how can I help?",
        "caller: I want to return my snowboard.",
        "agent: Done, the return is started.",
    )
    started = make_tool_call(id="c1", name="start_return", turn_id="t2", result={"status": "return_started"})
    return make_conversation(turns=turns, tool_calls=[started])


def settings(url: str, model: str) -> Settings:
    return Settings(data_dir=Path("/nonexistent"), judge_url=url, judge_model=model, judge_api_key="test")


def answer(verdict: str = "pass", *, evidence: list[dict[str, str]] | None = None, **changes: Any) -> dict[str, Any]:
    """A whole scorecard, every criterion answered alike but for the changes."""
    one = {
        "evidence": [GOOD_QUOTE] if evidence is None else evidence,
        "applicable": True,
        "verdict": verdict,
        "explanation": "Because it was so.",
    }
    return {criterion.key: one | changes.get(criterion.key, {}) for criterion in ASKED}


def judge(aimock: Aimock, model: str, rubric: RubricVersion | None = None, **config: Any) -> Outcome:
    asked = rubric or to_version(CUSTOMER_SERVICE, 1)
    return evaluate(RubricJudge(**config), call(), settings=settings(f"{aimock.url}/v1", model), rubric=asked)


def by_metric(outcome: Outcome) -> dict[str, Score]:
    assert outcome.status == "done", outcome.reason
    return {score.metric: score for score in outcome.scores}


def test_a_good_answer_becomes_scores_with_evidence(aimock: Aimock) -> None:
    changes = {"brevity": {"verdict": "fail"}, "handoff_context": {"applicable": False, "evidence": []}}
    aimock.answers(
        "good", {"content": json.dumps(answer(**changes)), "usage": {"prompt_tokens": 900, "completion_tokens": 80}}
    )
    outcome = judge(aimock, "good")
    scores = by_metric(outcome)
    success = scores["criterion.task_success"]
    assert (success.value, success.verdict, success.explanation) == (1.0, "pass", "Because it was so.")
    assert (
        success.evidence[0] | {"turn_id": "t2", "start_ms": 4000, "end_ms": 5500, "channel": "agent"}
        == success.evidence[0]
    )
    assert (scores["criterion.brevity"].value, scores["criterion.handoff_context"].verdict) == (0.0, "na")
    assert "criterion.tone_fits" not in scores
    weights = sum(criterion.weight for criterion in ASKED if criterion.key != "handoff_context")
    assert scores["rubric_judge.score"].value == pytest.approx((weights - 1) / weights)
    assert scores["rubric_judge.auto_fail"].value == 0.0
    assert outcome.details["usage"] == {"input_tokens": 900, "output_tokens": 80}
    assert (outcome.details["model"], len(outcome.details["request_ids"])) == ("good", 1)
    assert success.policy["rubric"] == "customer_service"


def test_the_request_holds_the_rubric_first_and_the_conversation_as_items(aimock: Aimock) -> None:
    aimock.answers("request", answer())
    by_metric(judge(aimock, "request"))
    [body] = aimock.requests("request")
    system, user = body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert "task_success" in system["content"]
    assert "I want to return" not in system["content"]
    items = [json.loads(part["text"]) for part in user["content"][1:-1]]
    assert [next(iter(item)) for item in items] == ["turn", "turn", "turn", "function_call", "function_output_of"]
    assert body["response_format"]["json_schema"]["strict"] is True
    asked = body["response_format"]["json_schema"]["schema"]["properties"]["task_success"]["properties"]
    assert list(asked) == ["evidence", "applicable", "verdict", "explanation"]


def test_a_quote_of_a_function_result_counts(aimock: Aimock) -> None:
    aimock.answers("result", answer(evidence=[{"turn_id": "c1", "quote": '"status": "return_started"'}]))
    [evidence] = by_metric(judge(aimock, "result"))["criterion.task_success"].evidence
    assert (evidence["tool_call_id"], evidence["turn_id"]) == ("c1", "t2")


@pytest.mark.parametrize("evidence", [[INVENTED], [GOOD_QUOTE, INVENTED], [GOOD_QUOTE | {"turn_id": "t0"}], []])
def test_without_a_true_quote_nothing_passes(aimock: Aimock, evidence: list[dict[str, str]]) -> None:
    model = f"invented-{json.dumps(evidence)}"
    aimock.answers(model, answer(evidence=evidence))
    scores = by_metric(judge(aimock, model))
    criteria = [score for metric, score in scores.items() if metric.startswith("criterion.")]
    assert {(score.value, score.verdict) for score in criteria} == {(None, "unsure")}
    assert (scores["rubric_judge.score"].value, scores["rubric_judge.auto_fail"].verdict) == (None, "unsure")
    assert all(score.reason for score in scores.values())


@pytest.mark.parametrize(
    ("verdict", "score", "auto_fail"), [("pass", 1.0, 0.0), ("fail", 0.0, 1.0), ("unsure", None, None)]
)
def test_a_judge_that_always_says_the_same(
    aimock: Aimock, verdict: str, score: float | None, auto_fail: float | None
) -> None:
    aimock.answers(f"always-{verdict}", answer(verdict))
    scores = by_metric(judge(aimock, f"always-{verdict}"))
    assert {s.verdict for metric, s in scores.items() if metric.startswith("criterion.")} == {verdict}
    assert (scores["rubric_judge.score"].value, scores["rubric_judge.auto_fail"].value) == (score, auto_fail)


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_such_a_judge_agrees_as_often_as_its_word_is_right_and_never_beyond_chance(
    aimock: Aimock, verdict: str
) -> None:
    aimock.answers(f"stubborn-{verdict}", answer(verdict))
    judged = [by_metric(judge(aimock, f"stubborn-{verdict}"))["criterion.task_success"].verdict for _ in range(8)]
    people = ["pass"] * 5 + ["fail"] * 3
    pairs = [
        Pair(call=i, first=said, second=word or "") for i, (said, word) in enumerate(zip(people, judged, strict=True))
    ]
    found = agreement(pairs)
    assert (found.observed.value, found.kappa.value) == (people.count(verdict) / 8, 0.0)


def test_what_must_apply_is_not_waved_through(aimock: Aimock) -> None:
    criterion = Criterion(key="polite", title="Polite", question="Was it polite?", allow_na=False, auto_fail=True)
    rubric = RubricVersion(rubric="own", number=3, definition_hash="h", criteria=[criterion])
    one = {"evidence": [], "applicable": False, "verdict": "pass", "explanation": ""}
    aimock.answers("waved", {"polite": one})
    scores = by_metric(judge(aimock, "waved", rubric))
    assert scores["criterion.polite"].verdict == "unsure"
    assert scores["rubric_judge.auto_fail"].verdict == "unsure"


def test_a_graded_criterion_gives_its_level(aimock: Aimock) -> None:
    levels = [{"value": value, "label": str(value), "anchor": "."} for value in (1, 2, 3)]
    criterion = Criterion(key="care", title="Care", question="How careful?", type="ordinal", levels=levels)
    rubric = RubricVersion(rubric="own", number=1, definition_hash="h", criteria=[criterion])
    one = {"evidence": [GOOD_QUOTE], "applicable": True, "verdict": "2", "explanation": "Fair."}
    aimock.answers("graded", {"care": one})
    scores = by_metric(judge(aimock, "graded", rubric))
    assert (scores["criterion.care"].label, scores["criterion.care"].value) == (2, 2.0)
    assert scores["rubric_judge.score"].value == 0.5


def test_a_malformed_answer_is_sent_back_once(aimock: Aimock) -> None:
    aimock.answers("repaired", "All good!", answer())
    outcome = judge(aimock, "repaired")
    assert by_metric(outcome)["criterion.task_success"].verdict == "pass"
    [_, second] = aimock.requests("repaired")
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "user"]
    assert "it is no JSON" in second["messages"][-1]["content"]
    assert len(outcome.details["request_ids"]) == 2


MISSING = {key: value for key, value in answer().items() if key != "brevity"}
MALFORMED = [
    ("All good!", "it is no JSON"),
    ("[]", "it is no JSON object"),
    (MISSING, "criterion 'brevity' is missing"),
    (answer(brevity={"verdict": "PASS"}), "the verdict of 'brevity' is 'PASS'"),
    (answer(brevity={"applicable": "yes"}), "`applicable` of 'brevity' is neither true nor false"),
    (answer(brevity={"evidence": "t2"}), "`evidence` of 'brevity' is no list"),
]


@pytest.mark.parametrize(("malformed", "why"), MALFORMED)
def test_an_answer_that_stays_malformed_fails_and_scores_nothing(aimock: Aimock, malformed: Any, why: str) -> None:
    model = f"malformed-{why}"
    aimock.answers(model, malformed)
    outcome = judge(aimock, model)
    assert (outcome.status, outcome.scores) == ("failed", [])
    assert outcome.reason_code == "unusable_answer"
    assert "judge answered something that is not the asked JSON, twice" in (outcome.reason or "")
    assert why in (outcome.reason or "")
    assert outcome.details["usage"]["input_tokens"] > 0


def test_an_answer_that_was_cut_off_fails(aimock: Aimock) -> None:
    aimock.answers("cut-off", CUT_OFF)
    outcome = judge(aimock, "cut-off")
    assert (outcome.status, outcome.scores) == ("failed", [])
    assert (outcome.status, outcome.reason_code) == (FAILED, "answer_cut_off")
    assert outcome.reason == "judge's answer was cut off at its length limit"


def test_rate_limits_wait_as_long_as_they_ask(aimock: Aimock) -> None:
    limited = {"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429, "retryAfter": 90}
    aimock.answers("limited", limited)
    before = datetime.now(UTC)
    outcome = judge(aimock, "limited")
    assert (outcome.status, outcome.reason_code) == ("pending", "rate_limited")
    assert outcome.not_before is not None
    assert timedelta(seconds=89) < outcome.not_before - before < timedelta(seconds=150)


def test_server_errors_are_tried_later(aimock: Aimock) -> None:
    aimock.answers("broken", {"error": {"message": "oops"}, "status": 500})
    outcome = judge(aimock, "broken")
    assert (outcome.status, outcome.reason_code, outcome.not_before) == ("pending", "server_error", None)
    assert len(aimock.requests("broken")) == 1


def test_a_time_out_is_tried_later(aimock: Aimock) -> None:
    aimock.answers("slow", answer(), chaos={"latencyMs": 5000})
    outcome = judge(aimock, "slow", timeout_s=0.2)
    assert (outcome.status, outcome.reason) == ("pending", "judge did not answer within 0.2 s")


def test_a_dropped_connection_is_tried_later(aimock: Aimock) -> None:
    aimock.answers("dropped", answer(), chaos={"disconnectRate": 1})
    assert judge(aimock, "dropped").reason_code == "unreachable"


def test_a_garbled_body_fails(aimock: Aimock) -> None:
    aimock.answers("garbled", answer(), chaos={"malformedRate": 1})
    outcome = judge(aimock, "garbled")
    assert (outcome.status, outcome.scores) == ("failed", [])
    assert "judge's server answered something that is no JSON" in (outcome.reason or "")


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (401, {"message": "bad key"}, "key_refused"),
        (404, {"message": "no such model"}, "model_unknown"),
        (429, {"message": "pay", "code": "insufficient_quota"}, "no_credit"),
    ],
)
def test_what_a_person_has_to_mend_is_blocked(aimock: Aimock, status: int, error: dict[str, str], code: str) -> None:
    aimock.answers(f"mend-{status}", {"error": error, "status": status})
    outcome = judge(aimock, f"mend-{status}")
    assert (outcome.status, outcome.reason_code) == ("blocked", code)


def test_a_request_that_is_turned_down_fails(aimock: Aimock) -> None:
    aimock.answers("bad-request", {"error": {"message": "no json_schema here"}, "status": 400})
    outcome = judge(aimock, "bad-request")
    assert outcome.status == "failed"
    assert "no json_schema here" in (outcome.reason or "")


def test_a_content_filter_leaves_the_call_to_people(aimock: Aimock) -> None:
    aimock.answers("filtered", {"content": "Sorry", "finishReason": "content_filter"})
    scores = by_metric(judge(aimock, "filtered"))
    assert {score.verdict for metric, score in scores.items() if metric.startswith("criterion.")} == {"unsure"}


def test_a_refusal_leaves_the_call_to_people() -> None:
    message = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
    completion = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
    }
    with answering(200, json.dumps(completion).encode()) as url:
        asked = to_version(CUSTOMER_SERVICE, 1)
        outcome = evaluate(RubricJudge(), call(), settings=settings(url, "m"), rubric=asked)
    scores = by_metric(outcome)
    assert scores["criterion.task_success"].verdict == "unsure"
    assert "I cannot help with that." in (scores["criterion.task_success"].explanation or "")
    assert scores["rubric_judge.score"].value is None


@pytest.mark.parametrize(("body", "why"), [(b"<html>", "no chat completion"), (b"{}", "without a choice")])
def test_a_server_that_is_no_model_server_fails(body: bytes, why: str) -> None:
    with answering(200, body) as url, pytest.raises(ModelError, match=why):
        ask_json(settings(url, "m"), [{"role": "user", "content": "?"}], name="x", schema={"type": "object"})


def test_nobody_at_the_address_is_tried_later() -> None:
    with pytest.raises(Retryable, match=r"http://127.0.0.1:9/v1 cannot be reached"):
        ask_json(settings("http://127.0.0.1:9/v1", "m"), [], name="x", schema={})


def test_an_http_date_says_when_to_come_back() -> None:
    with (
        answering(429, b"{}", **{"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}) as url,
        pytest.raises(Retryable) as caught,
    ):
        ask_json(settings(url, "m"), [], name="x", schema={})
    assert caught.value.not_before == datetime(2026, 10, 21, 7, 28, tzinfo=UTC)


def test_without_a_model_nothing_is_asked() -> None:
    with pytest.raises(Blocked, match=r"^judge not connected\. Set EVALHUB_JUDGE_MODEL"):
        ask_json(Settings(data_dir=Path("/nonexistent"), judge_api_key="k"), [], name="x", schema={})
