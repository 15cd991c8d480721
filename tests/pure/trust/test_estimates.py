"""A judge's pass rate put right by people: it lands where the truth is, whichever way the judge errs."""

import numpy as np
import pytest

from evalhub.trust.estimates import Part, corrected_rate


def parts_of(judged: np.ndarray, truth: np.ndarray, heard: np.ndarray, weights: np.ndarray) -> list[Part]:
    return [
        Part(
            judged=int((judged == word).sum()),
            answers=[(float(weights[at]), float(truth[at])) for at in heard if judged[at] == word],
        )
        for word in (True, False)
    ]


@pytest.mark.parametrize(
    ("sensitivity", "specificity"), [(0.85, 0.85), (0.98, 0.40), (0.70, 0.98), (0.97, 0.95), (1.0, 0.0)]
)
def test_the_range_holds_the_truth_as_often_as_it_says(sensitivity: float, specificity: float) -> None:
    """True rate 87 %, 2000 judged calls, 60 heard, 400 times; a strict, a lenient, a good and a blind judge."""
    chance, covered = np.random.default_rng(3), 0
    for seed in range(400):
        truth = chance.random(2000) < 0.87
        judged = np.where(truth, chance.random(2000) < sensitivity, chance.random(2000) > specificity)
        heard = chance.choice(2000, 60, replace=False)
        found = corrected_rate(parts_of(judged, truth, heard, np.ones(2000)), seed=seed)
        assert found is not None
        covered += found.low <= truth.mean() <= found.high
    assert 0.92 <= covered / 400 <= 0.985


def test_a_judge_that_is_always_right_makes_few_answers_count_like_many() -> None:
    truth = np.arange(2000) % 10 > 0
    heard = np.arange(0, 2000, 33)
    good = corrected_rate(parts_of(truth, truth, heard, np.ones(2000)))
    blind = corrected_rate(parts_of(np.ones(2000, bool), truth, heard, np.ones(2000)))
    assert good is not None
    assert blind is not None
    assert good.value == pytest.approx(0.9, abs=0.02)
    assert (good.count, blind.count) == (61, 61)
    assert good.effective > 2 * blind.effective
    assert blind.effective == pytest.approx(61, rel=0.1)


def test_answers_of_calls_drawn_more_often_count_less() -> None:
    """Of ten kinds of calls one fails and was drawn nine times as often."""
    answers = [(1.0, 0.0)] * 50 + [(9.0, 1.0)] * 50
    found = corrected_rate([Part(judged=1000, answers=answers)])
    assert found is not None
    assert found.value == pytest.approx(0.9, abs=0.02)


def test_what_nobody_heard_makes_the_range_wide_and_never_a_number_of_its_own() -> None:
    heard = Part(judged=500, answers=[(1.0, 1.0)] * 60)
    found = corrected_rate([heard, Part(judged=500)])
    assert found is not None
    assert found.high - found.low > 0.4
    assert corrected_rate([Part(judged=500)]) is None
    assert corrected_rate([]) is None
