"""Medians and percentiles of few values are numpy's own, to the bit."""

import numpy as np
import pytest

from evalhub.audio.middle import median, percentile


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 2, 3, 10, 99, 400])
def test_they_are_numpys_to_the_bit(kind: type, count: int) -> None:
    values = np.random.default_rng(count).normal(0, 1, count).astype(kind)
    assert median(values) == np.median(values)
    assert [percentile(values, q) for q in (0, 5, 75, 90, 100)] == [
        np.percentile(values, q) for q in (0, 5, 75, 90, 100)
    ]
