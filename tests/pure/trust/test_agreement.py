"""Agreement: published examples, the cases where one number misleads, and intervals that keep their promise."""

import numpy as np
import pytest

from evalhub.trust.agreement import agreement
from evalhub.trust.raters import Measured, Pair


def pairs(pass_pass: int, pass_fail: int, fail_pass: int, fail_fail: int) -> list[Pair]:
    """One answer per call: so many of each combination."""
    words = [("pass", "pass")] * pass_pass + [("pass", "fail")] * pass_fail
    words += [("fail", "pass")] * fail_pass + [("fail", "fail")] * fail_fail
    return [Pair(call=index, first=first, second=second) for index, (first, second) in enumerate(words)]


def test_rare_fails_nobody_agrees_on() -> None:
    found = agreement(pairs(92, 4, 4, 0))
    assert found.observed.value == pytest.approx(0.92)
    assert found.kappa.value == pytest.approx(-0.0417, abs=1e-4)
    assert found.alpha.value == pytest.approx(-0.0365, abs=1e-4)
    assert found.ac.value == pytest.approx(0.9134, abs=1e-4)
    assert (found.specific["fail"].value, found.both_of_any["fail"].value) == (0.0, 0.0)


def test_a_textbook_example() -> None:
    """Two readers, 50 grants: 20 both yes, 15 both no. Kappa 0.4."""
    found = agreement(pairs(20, 5, 10, 15))
    assert found.observed.value == pytest.approx(0.7)
    assert found.kappa.value == pytest.approx(0.4)
    assert found.specific["pass"].value == pytest.approx(40 / 55)
    assert found.both_of_any["fail"].value == pytest.approx(15 / 30)


def test_alpha_of_a_published_example() -> None:
    """Krippendorff 2011: 10 units, two observers, binary; alpha 0.095."""
    one, other = "0100000010", "1110010000"
    found = agreement([Pair(call=i, first=a, second=b) for i, (a, b) in enumerate(zip(one, other, strict=True))], "01")
    assert found.alpha.value == pytest.approx(0.095, abs=5e-4)


@pytest.mark.parametrize("passed", [1, 37, 87, 99])
def test_a_judge_that_always_says_the_same_has_that_share_as_accuracy_and_no_kappa(passed: int) -> None:
    found = agreement(pairs(passed, 0, 100 - passed, 0))
    assert found.observed.value == passed / 100
    assert (found.kappa.value, found.kappa.low, found.kappa.high) == (0.0, 0.0, 0.0)
    always_fails = agreement(pairs(0, passed, 0, 100 - passed))
    assert (always_fails.observed.value, always_fails.kappa.value) == ((100 - passed) / 100, 0.0)


def test_one_class_only_tells_nothing_beyond_chance() -> None:
    found = agreement(pairs(30, 0, 0, 0))
    assert found.observed.value == 1.0
    assert found.kappa == found.alpha == found.specific["fail"] == Measured(None)


def test_three_classes_and_full_agreement() -> None:
    found = agreement([Pair(call=i, first=word, second=word) for i, word in enumerate("abcabc")], "abc")
    values = (found.observed, found.kappa, found.alpha, found.ac)
    assert [one.value for one in values] == pytest.approx([1, 1, 1, 1])


def test_calls_that_were_drawn_more_often_count_less() -> None:
    """Half of the draw were calls the judge fails, a tenth of all: weighted, the rate is that of all calls."""
    rare = [Pair(call=f"f{i}", first="fail", second="pass" if i < 20 else "fail", weight=1) for i in range(50)]
    usual = [Pair(call=f"p{i}", first="pass", second="pass", weight=9) for i in range(50)]
    assert agreement(rare + usual).observed.value == pytest.approx((30 * 1 + 50 * 9) / 500)


def test_answers_of_one_call_go_together() -> None:
    alone = [Pair(call=i, first="pass", second="pass" if i % 4 else "fail") for i in range(120)]
    together = [Pair(call=i // 12, first="pass", second="pass" if (i // 12) % 4 else "fail") for i in range(120)]
    narrow, wide = agreement(alone).observed, agreement(together).observed
    assert _width(wide) > 2 * _width(narrow)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    chance, covered = np.random.default_rng(7), 0
    for seed in range(200):
        same = chance.random(120) < 0.85
        found = agreement(
            [Pair(call=i, first="pass", second="pass" if one else "fail") for i, one in enumerate(same)],
            draws=400,
            seed=seed,
        ).observed
        covered += (found.low or 0) <= 0.85 <= (found.high or 0)
    assert 180 <= covered <= 199


def test_the_range_of_kappa_covers_the_truth_about_as_often_as_it_says() -> None:
    """People pass 80 %, the judge is right on 85 % of either: kappa is (0.85 - 0.626) / (1 - 0.626)."""
    chance, truth, covered = np.random.default_rng(11), (0.85 - 0.626) / (1 - 0.626), 0
    for seed in range(150):
        people = chance.random(100) < 0.8
        judge = np.where(chance.random(100) < 0.85, people, ~people)
        words = (
            [["fail", "pass"][one] for one in judge.astype(int)],
            [["fail", "pass"][one] for one in people.astype(int)],
        )
        found = agreement(
            [Pair(call=i, first=a, second=b) for i, (a, b) in enumerate(zip(*words, strict=True))], draws=400, seed=seed
        ).kappa
        covered += (found.low or 0) <= truth <= (found.high or 0)
    assert 0.9 <= covered / 150 <= 0.99


def test_the_same_answers_have_the_same_interval() -> None:
    assert agreement(pairs(40, 5, 3, 12)) == agreement(pairs(40, 5, 3, 12))


def test_how_many_fails_a_judge_catches_is_told_apart_from_how_often_it_is_right() -> None:
    found = agreement(pairs(80, 12, 2, 6))
    assert found.recall["fail"].value == pytest.approx(6 / 18)
    assert found.recall["pass"].value == pytest.approx(80 / 82)
    assert found.recall["fail"].low is not None
    assert found.recall["fail"].low < 6 / 18 < (found.recall["fail"].high or 0)


def test_where_all_agree_there_is_still_doubt() -> None:
    """Nobody may say 100 % between 100 and 100: 12 of 12 is 76 % or more."""
    found = agreement(pairs(48, 0, 0, 12))
    assert (found.kappa.value, found.kappa.high) == (1.0, 1.0)
    assert 0.7 < (found.kappa.low or 0) < 0.9
    assert found.recall["fail"].value == 1.0
    assert found.recall["fail"].low == pytest.approx(0.757, abs=0.001)
    assert found.observed.low == pytest.approx(0.940, abs=0.001)


def test_calls_answered_alike_are_drawn_as_a_kind_and_as_quickly_for_many() -> None:
    """The range of 100 times as many calls of the same kinds is a tenth as wide."""
    few, many = agreement(pairs(40, 5, 3, 12)).kappa, agreement(pairs(4000, 500, 300, 1200), draws=2000).kappa
    assert _width(few) == pytest.approx(10 * _width(many), rel=0.15)


def test_what_is_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match="unsure"):
        agreement([Pair(call=1, first="pass", second="unsure")])
    with pytest.raises(ValueError, match="no answers"):
        agreement([])


def _width(measured: Measured) -> float:
    assert measured.low is not None
    assert measured.high is not None
    return measured.high - measured.low
