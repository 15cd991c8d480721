"""Differences of rates and means, against numbers from the literature and from SciPy."""

import pytest
from scipy import stats

from evalhub.trust.differences import Mean, holm, of_means, of_rates
from evalhub.trust.intervals import rate


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((48, 80), (56, 70), 0.0524, 0.3339),  # Newcombe 1998, table II, a and c and h, method 10
        ((3, 10), (9, 10), 0.1705, 0.8090),
        ((0, 10), (10, 10), 0.6075, 1.0),
    ],
)
def test_the_interval_of_a_difference_of_rates_is_newcombes(first, second, low, high):
    found = of_rates(rate(*first), rate(*second))
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_rates_are_tested_as_by_chi_square():
    found = of_rates(rate(48, 80), rate(56, 70))
    assert found.p == pytest.approx(stats.chi2_contingency([[48, 32], [56, 14]], correction=False).pvalue)
    assert of_rates(rate(10, 10), rate(20, 20)).p == 1


def test_means_are_tested_as_by_welch():
    before, after = Mean(0.87, 0.2, 60), Mean(1.23, 0.9, 25)
    found = of_means(before, after)
    wanted = stats.ttest_ind_from_stats(1.23, 0.9, 25, 0.87, 0.2, 60, equal_var=False)
    assert found.p == pytest.approx(wanted.pvalue)
    assert found.low < 0 < found.value < found.high if wanted.pvalue > 0.05 else found.low > 0


@pytest.mark.parametrize(("other", "p"), [(1.0, 1), (2.0, 0)])
def test_means_without_any_spread_are_the_same_or_not(other, p):
    assert of_means(Mean(1.0, 0.0, 12), Mean(other, 0.0, 12)).p == p


def test_one_difference_among_many_has_to_be_surer():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1, 1]
    assert holm([]) == []
