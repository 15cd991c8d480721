"""Answers against a scorecard: every fault at once, a fail needs evidence, a critical fail is told apart."""

import pytest

from evalhub.errors import BadInput
from evalhub.labeling.answers import choice_of, read_answers, summarise
from evalhub.models import Criterion

LEVELS = [{"value": value, "label": str(value), "anchor": ""} for value in (1, 2, 3, 4, 5)]
POLICY = Criterion(key="policy", title="Policy followed", question="Was it?", auto_fail=True, weight=2.0)
TONE = Criterion(key="tone", title="Tone", question="How?", type="ordinal", levels=LEVELS, allow_na=False)
TURNS = {"t1", "t2"}


def answered(policy: dict[str, object] | None = None, tone: str = "4") -> dict[str, object]:
    return {"policy": policy or {"choice": "pass"}, "tone": {"choice": tone}}


def faults(given: dict[str, object]) -> list[str]:
    with pytest.raises(BadInput) as caught:
        read_answers([POLICY, TONE], given, TURNS)
    return [f"{problem.path}: {problem.expected}" for problem in caught.value.problems]


def test_choices_become_values() -> None:
    policy, tone = read_answers([POLICY, TONE], answered(), TURNS)
    assert (policy.value, tone.value) == (True, 4)
    na, _ = read_answers([POLICY, TONE], answered({"choice": "na", "comment": " no order "}), TURNS)
    assert (na.value, na.na, na.comment) == (None, True, "no order")


def test_every_fault_is_told_at_once() -> None:
    assert faults({}) == ["policy: one of pass, fail, na", "tone: one of 1, 2, 3, 4, 5"]
    assert faults(answered(tone="na")) == ["tone: one of 1, 2, 3, 4, 5"]
    assert faults(answered() | {"smile": {"choice": "pass"}}) == ["smile: a criterion of this scorecard"]


def test_a_fail_needs_a_turn_or_a_region() -> None:
    assert faults(answered({"choice": "fail"})) == ["policy: evidence for a fail: a turn or a marked region"]
    for moment in ({"turn_id": "t2"}, {"start_ms": 5, "end_ms": 9, "channel": "agent"}):
        policy, _ = read_answers([POLICY, TONE], answered({"choice": "fail", "evidence": [moment]}), TURNS)
        assert policy.evidence == [moment]


@pytest.mark.parametrize(
    "moment",
    [{"turn_id": "t9"}, {"start_ms": 9, "end_ms": 9}, {"start_ms": -1, "end_ms": 9}, {"start_ms": True, "end_ms": 9},
     {"turn_id": "t9", "start_ms": 1, "end_ms": 2}, {"start_ms": 1, "end_ms": 2, "channel": "left"}, "t1", None],
)  # fmt: skip
def test_evidence_that_points_nowhere_is_refused(moment: object) -> None:
    assert "policy.evidence" in faults(answered({"choice": "fail", "evidence": [moment]}))[0]


def test_a_stored_value_names_the_choice_it_was() -> None:
    given = [choice_of(True), choice_of(False), choice_of(None, na=True), choice_of(1), choice_of("billing")]
    assert given == ["pass", "fail", "na", "1", "billing"]


def test_the_score_weighs_what_applies_and_tells_a_critical_fail_apart() -> None:
    evidence = [{"turn_id": "t1"}]
    failed = summarise(
        [POLICY, TONE], read_answers([POLICY, TONE], answered({"choice": "fail", "evidence": evidence}), TURNS)
    )
    assert (failed.score, failed.auto_failed) == (0.25, ["policy"])
    partly = summarise([POLICY, TONE], read_answers([POLICY, TONE], answered({"choice": "na"}, tone="5"), TURNS))
    assert (partly.score, partly.auto_failed) == (1.0, [])
    assert summarise([POLICY], read_answers([POLICY], {"policy": {"choice": "na"}}, TURNS)).score is None
