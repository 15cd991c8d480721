"""Log-probabilities as shares of verdicts: the right place in the JSON, and no guess where a token could be several."""

import json

import pytest

from evalhub.models import Criterion
from evalhub.openai_client.replies import Reply, Token
from evalhub.transcript.judging.answers import read_answers
from evalhub.transcript.judging.likely import verdict_places, with_probabilities

BOOLEAN = Criterion(key="done", title="Done", question="Done?")
LEVELS = [{"value": value, "label": str(value)} for value in (1, 10, 2)]
SCALE = Criterion(key="care", title="Care", question="Care?", type="ordinal", levels=LEVELS)


def answer(verdict: str, quote: str = "hi") -> dict[str, object]:
    evidence = [{"turn_id": "t1", "quote": quote}]
    return {"evidence": evidence, "applicable": True, "verdict": verdict, "explanation": "."}


def likely(text: str, criterion: Criterion, pieces: list[tuple[str, dict[str, float]]]) -> dict[str, float] | None:
    tokens = [Token(piece, near or {piece: 1.0}) for piece, near in pieces]
    reply = Reply(text=text, refusal=None, finish_reason="stop", model="m", request_id=None, tokens=tokens)
    return with_probabilities(read_answers(text, [criterion]), reply, [criterion])[criterion.key].likely


def split(text: str, at: str, near: dict[str, float]) -> list[tuple[str, dict[str, float]]]:
    """The text as three tokens, the middle one with these alternatives, its own text first."""
    token = next(iter(near))
    start = text.index(at) + len(at)
    assert text[start:].startswith(token)
    return [(text[:start], {}), (token, near), (text[start + len(token) :], {})]


AT = '"verdict": "'


@pytest.mark.parametrize(
    ("near", "expected"),
    [
        ({"pass": 0.7, "fail": 0.3}, {"pass": 0.7, "fail": 0.3}),
        ({'pass"': 0.7, "fa": 0.2, "uns": 0.1}, {"pass": 0.7, "fail": 0.2, "unsure": 0.1}),
        ({"p": 0.6, "PASS": 0.2, "fail": 0.2}, {"pass": 0.75, "fail": 0.25}),
        ({"pass": 1.0, "": 0.5, " ": 0.5}, {"pass": 1.0}),
    ],
)
def test_alternatives_become_shares(near: dict[str, float], expected: dict[str, float]) -> None:
    text = json.dumps({"done": answer("pass")})
    assert likely(text, BOOLEAN, split(text, AT, near)) == pytest.approx(expected)


def test_a_token_that_could_be_several_levels_counts_for_none() -> None:
    text = json.dumps({"care": answer("2")})
    assert likely(text, SCALE, split(text, AT, {"2": 0.5, "1": 0.4, "10": 0.1})) == pytest.approx(
        {"2": 0.5 / 0.6, "10": 0.1 / 0.6}
    )


def test_the_verdict_may_begin_inside_a_token() -> None:
    text = json.dumps({"done": answer("fail")})
    pieces = split(text, '"verdict":', {' "fail': 0.8, ' "pass': 0.15, " maybe": 0.05})
    assert likely(text, BOOLEAN, pieces) == pytest.approx({"fail": 0.8 / 0.95, "pass": 0.15 / 0.95})


def test_no_quote_can_pose_as_a_verdict() -> None:
    posing = '"verdict": "pass", "done": {"verdict": "pass"'
    text = json.dumps({"done": answer("fail", quote=posing)})
    assert text[verdict_places(text, ["done"])["done"] :].startswith('fail", "explanation"')


def test_without_tokens_or_with_others_there_are_no_shares() -> None:
    text = json.dumps({"done": answer("pass")})
    assert likely(text, BOOLEAN, []) is None
    assert likely(text, BOOLEAN, [("something else", {})]) is None
