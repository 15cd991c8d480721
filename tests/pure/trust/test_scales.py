"""Agreement on a scale, against published values: levels further apart differ more."""

import numpy as np
import pytest

from evalhub.trust.agreement import agreement
from evalhub.trust.raters import Agreement, Pair

ANXIETY = ("33345523522615221243", "36462424332333221334")
"""20 subjects, levels 1 to 6: the first two raters of the data `anxiety` of R's package irr"""
TABLE = ("0" * 46 + "1" * 44 + "2" * 10, "0" * 50 + "1" * 40 + "2" * 10)
"""of scikit-learn's tests of weighted kappa"""
OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
"""Krippendorff 2011: four observers, 12 units, levels 1 to 5, some missing"""


def of(one: str, other: str, levels: str, *, ordinal: bool = True, draws: int = 0) -> Agreement:
    pairs = [Pair(call=i, first=a, second=b) for i, (a, b) in enumerate(zip(one, other, strict=True))]
    return agreement(pairs, levels, ordinal=ordinal, draws=draws)


@pytest.mark.parametrize(
    ("raters", "levels", "kappa", "digits"),
    [(ANXIETY, "123456", 0.297, 3), (TABLE, "012", 0.9541, 4)],
)
def test_weighted_kappa_of_published_examples(raters: tuple[str, str], levels: str, kappa: float, digits: int) -> None:
    assert of(*raters, levels).kappa.value == pytest.approx(kappa, abs=0.5 * 10**-digits)


def test_names_keep_their_kappa() -> None:
    assert of(*TABLE, "012", ordinal=False).kappa.value == pytest.approx(0.9315, abs=5e-5)


@pytest.mark.parametrize(("ordinal", "published"), [(False, 0.743), (True, 0.815)])
def test_alpha_of_four_observers_as_krippendorff_published_it(ordinal: bool, published: float) -> None:
    """All pairs of a unit count by 1 / (observers - 1). He corrects by the 40 answers there are, pairs only know how
    many they are: the published value is put in those terms."""
    units = [[word for word in unit if word != "."] for unit in zip(*OBSERVERS, strict=True)]
    pairs = [
        Pair(call=unit, first=one, second=other, weight=1 / (len(words) - 1))
        for unit, words in enumerate(units)
        for i, one in enumerate(words)
        for other in words[i + 1 :]
    ]
    answers, counted = sum(len(words) for words in units if len(words) > 1), 2 * len(pairs)
    correction = (counted - 1) / counted * answers / (answers - 1)
    found = agreement(pairs, "12345", ordinal=ordinal, draws=0).alpha.value
    assert answers == 40
    assert found == pytest.approx(1 - (1 - published) * correction, abs=6e-4)


def test_quadratic_kappa_is_the_intraclass_correlation() -> None:
    """Fleiss & Cohen 1973: with equal means and variances it is the correlation of the levels."""
    one, other = "1234512345", "2143521345"
    expected = np.corrcoef([int(a) for a in one], [int(b) for b in other])[0, 1]
    assert of(one, other, "12345").kappa.value == pytest.approx(expected)


def test_a_level_beside_is_not_as_wrong_as_the_other_end() -> None:
    near, far = of("1122334455", "2122334455", "12345"), of("1122334455", "5122334455", "12345")
    for name in ("kappa", "alpha", "ac"):
        assert getattr(near, name).value > getattr(far, name).value
    assert near.observed == far.observed


def test_two_levels_are_as_two_names() -> None:
    one, other = "1" * 25 + "2" * 25, "1" * 20 + "2" * 5 + "1" * 10 + "2" * 15
    scale, names = of(one, other, "12"), of(one, other, "12", ordinal=False)
    for name in ("kappa", "alpha", "ac"):
        assert getattr(scale, name).value == pytest.approx(getattr(names, name).value)


def test_a_judge_that_always_gives_the_same_level_has_no_kappa() -> None:
    found = of("3" * 50, "12345" * 10, "12345", draws=200)
    assert (found.kappa.value, found.kappa.low, found.kappa.high) == (0.0, 0.0, 0.0)


def test_where_all_agree_on_levels_there_is_still_doubt() -> None:
    found = of("12345" * 10, "12345" * 10, "12345", draws=200)
    assert (found.kappa.value, found.alpha.value, found.ac.value) == (1.0, 1.0, 1.0)
    assert found.kappa.low is not None
    assert 0 < found.kappa.low < 1
