"""Responses, log-probabilities, votes, and what is remembered, against servers that say exactly that."""

import json
from collections.abc import Iterator
from math import log
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from evalhub.evaluators import Outcome, run
from evalhub.models import Criterion, RubricVersion, Score
from evalhub.settings import Settings
from evalhub.transcript.rubric_judge import RubricJudge
from tests.pure.transcript.helpers import make_context
from tests.stack.judge_server import Aimock, Answer, running_aimock, serving
from tests.stack.test_judge_decisions import call

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("aimock")]

RUBRIC = RubricVersion(
    rubric="own",
    number=1,
    definition_hash="h",
    criteria=[Criterion(key="done", title="Done", question="Was it done?")],
)
PASS, FAIL = [
    json.dumps(
        {
            "done": {
                "evidence": [{"turn_id": "t2", "quote": "it is started"}],
                "applicable": True,
                "verdict": word,
                "explanation": 'Not "verdict": "fail".',
            }
        }
    )
    for word in ("pass", "fail")
]


def judged(url: str, model: str = "m", api: str = "chat", **context: Any) -> Outcome:
    settings = Settings(
        data_dir=Path("/nonexistent"),
        judge_url=url,
        judge_model=model,
        judge_api=api,
        judge_votes=context.pop("votes", 1),
    )
    return run(RubricJudge(), call(), make_context(settings=settings, rubric=RUBRIC, **context))


def the_verdict(outcome: Outcome) -> Score:
    assert outcome.status == "done", outcome.reason
    return next(score for score in outcome.scores if score.metric == "criterion.done")


def completion(text: str, **choice: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, "refusal": None}
    answer = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m-2026-08-07",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message, **choice}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 60, "total_tokens": 960},
    }
    ChatCompletion.model_validate(answer)
    return answer


def tokens(*given: tuple[str, dict[str, float]]) -> dict[str, Any]:
    """Log-probabilities of an answer's pieces; the alternatives of a piece, itself among them."""
    return {
        "refusal": None,
        "content": [
            {
                "token": text,
                "logprob": log(near.get(text, 1.0)),
                "bytes": [],
                "top_logprobs": [{"token": one, "logprob": log(share), "bytes": []} for one, share in near.items()],
            }
            for text, near in given
        ],
    }


class Server:
    """Gives answers in turn (the last for ever) and keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def __call__(self, _: str, body: dict[str, Any]) -> Answer:
        self.asked.append(body)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, tuple) else (200, answer, {})


@pytest.fixture(scope="module")
def aimock() -> Iterator[Aimock]:
    with running_aimock() as server:
        yield server


def test_responses_take_the_conversation_as_items(aimock: Aimock) -> None:
    aimock.answers("by-responses", {"content": PASS}, match={"model": "by-responses"})
    score = the_verdict(judged(f"{aimock.url}/v1", "by-responses", "responses"))
    assert (score.verdict, score.policy["back_end"]) == ("pass", "responses")


def response(**fields: Any) -> dict[str, Any]:
    answer = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "status": "completed",
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 900,
            "input_tokens_details": {"cached_tokens": 512, "cache_write_tokens": 0},
            "output_tokens": 60,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 960,
        },
    } | fields
    Response.model_validate(answer)
    return answer


def output(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": list(parts)}]


def text_part(text: str, logprobs: list[Any] | None = None) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs}


def test_responses_tell_cached_tokens_and_store_nothing() -> None:
    server = Server(response(output=output(text_part(PASS))))
    with serving(server) as url:
        outcome = judged(url, api="responses")
    assert outcome.details["usage"] == {"input_tokens": 900, "output_tokens": 60, "cached_tokens": 512}
    [body] = server.asked
    assert body["store"] is False
    kinds = [item.get("type", item.get("role")) for item in body["input"]]
    assert kinds[0] == kinds[-1] == "developer"
    assert kinds[-3:-1] == ["function_call", "function_call_output"]
    assert body["text"]["format"]["strict"] is True


def test_a_refusal_by_responses_leaves_the_call_to_people() -> None:
    with serving(Server(response(output=output({"type": "refusal", "refusal": "I will not."})))) as url:
        score = the_verdict(judged(url, api="responses"))
    assert score.verdict == "unsure"
    assert "I will not." in (score.explanation or "")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (response(status="incomplete", incomplete_details={"reason": "max_output_tokens"}), "answer_cut_off"),
        (response(status="failed", error={"code": "server_error", "message": "oops"}), "server_error"),
        (response(status="failed", error={"code": "invalid_prompt", "message": "no"}), "no_answer"),
        ({"id": "x"}, "no_answer"),
    ],
)
def test_responses_that_are_no_answer(answer: Any, expected: str) -> None:
    with serving(Server(answer)) as url:
        outcome = judged(url, api="responses")
    assert (outcome.reason_code, outcome.scores) == (expected, [])


def split_at_verdict(text: str, near: dict[str, float]) -> dict[str, Any]:
    before, after = text.split('"verdict": "', 1)
    word = next(iter(near))
    return tokens((before + '"verdict": "', {}), (word, near), (after.removeprefix(word), {}))


def test_log_probabilities_become_shares_of_the_verdicts() -> None:
    near = {"pass": 0.6, "fail": 0.3, "un": 0.06, "the": 0.04}
    with serving(Server(completion(PASS, logprobs=split_at_verdict(PASS, near)))) as url:
        score = the_verdict(judged(url))
    assert score.probabilities == pytest.approx({"pass": 0.625, "fail": 0.3125, "unsure": 0.0625})
    assert (score.verdict, score.policy["probabilities_from"]) == ("pass", "log-probabilities")


def test_log_probabilities_by_responses() -> None:
    content = split_at_verdict(PASS, {"pass": 0.8, "fail": 0.2})["content"]
    with serving(Server(response(output=output(text_part(PASS, content))))) as url:
        score = the_verdict(judged(url, api="responses"))
    assert score.probabilities == pytest.approx({"pass": 0.8, "fail": 0.2})


def test_a_model_that_gives_no_log_probabilities_is_asked_without_from_then_on() -> None:
    no = (400, {"error": {"message": "logprobs are not supported with reasoning models"}}, {})
    server = Server(no, completion(PASS))
    with serving(server) as url:
        outcomes = [judged(url, "reasoning") for _ in range(2)]
    assert [the_verdict(outcome).probabilities for outcome in outcomes] == [None, None]
    assert ["logprobs" in body for body in server.asked] == [True, False, False]


def test_most_votes_win_and_their_shares_are_probabilities() -> None:
    server = Server(*(completion(text) for text in (PASS, FAIL, PASS)))
    with serving(server) as url:
        score = the_verdict(judged(url, votes=3))
    assert (score.verdict, score.policy["votes"], score.policy["probabilities_from"]) == ("pass", 3, "votes")
    assert score.probabilities == pytest.approx({"pass": 2 / 3, "fail": 1 / 3})


def test_votes_that_do_not_agree_are_unsure() -> None:
    invented = PASS.replace("it is started", "a million dollars")
    with serving(Server(*(completion(text) for text in (PASS, FAIL, invented)))) as url:
        score = the_verdict(judged(url, votes=3))
    assert score.verdict == "unsure"
    assert "1 pass, 1 fail, 1 unsure" in (score.explanation or "")


def test_what_was_answered_is_not_asked_again() -> None:
    server = Server(completion(PASS))
    with serving(server) as url:
        first = make_context()
        bought = first.bought
        outcome = judged(url, bought=bought)
        [answer] = bought
        known = {(answer.asked, answer.content_hash, answer.run): answer}
        again = judged(url, known=known)
        other = judged(url, known=known, votes=3)
    assert len(server.asked) == 1 + 3
    assert (outcome.details["from_memory"], again.details["from_memory"]) == (False, True)
    assert "usage" not in again.details
    assert the_verdict(again).policy == the_verdict(outcome).policy
    assert the_verdict(other).policy["judge_version"] != the_verdict(outcome).policy["judge_version"]


def test_the_snapshot_that_answered_names_the_judge() -> None:
    with serving(Server(completion(PASS), completion(PASS) | {"model": "m-2026-11-01"})) as url:
        scores = [the_verdict(judged(url)) for _ in range(2)]
    assert [score.policy["judge"] for score in scores] == ["m-2026-08-07", "m-2026-11-01"]
    assert len({score.policy["judge_version"] for score in scores}) == 2


def test_a_drawn_call_is_judged_twice_and_flips_are_told() -> None:
    with serving(Server(completion(PASS), completion(FAIL))) as url:
        outcome = judged(url, ask_again=True, bought=(bought := []))
    assert outcome.details["asked_again"] == {"criteria": 1, "flipped": ["done"], "failed": []}
    assert [(answer.run, answer.verdicts) for answer in bought] == [(0, {"done": "pass"}), (1, {"done": "fail"})]
    assert the_verdict(outcome).verdict == "pass"


def test_a_second_asking_that_fails_takes_nothing_away() -> None:
    with serving(Server(completion(PASS), (500, {"error": {"message": "oops"}}, {}))) as url:
        outcome = judged(url, ask_again=True)
    assert the_verdict(outcome).verdict == "pass"
    [failed] = outcome.details["asked_again"]["failed"]
    assert failed.startswith("judge's server failed")
