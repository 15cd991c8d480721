"""Rows come back as they were added, from memory and from the file that they move to."""

import numpy as np
import pytest

from evalhub.audio import aside
from evalhub.audio.aside import Aside


@pytest.mark.parametrize("in_memory", [1, 1 << 20])
def test_rows_come_back_and_more_can_follow(monkeypatch: pytest.MonkeyPatch, in_memory: int) -> None:
    monkeypatch.setattr(aside, "IN_MEMORY", in_memory)
    rows, kept = np.random.default_rng(1).normal(0, 1, (50, 3)).astype(np.float32), Aside(3, np.float32)
    kept.add(rows[:20])
    assert np.array_equal(kept.rows(slice(5, 9)), rows[5:9])
    kept.add(rows[20:])
    assert np.array_equal(kept.rows(), rows)
    assert np.array_equal(kept.rows(np.array([3, 4, 21, 49])), rows[[3, 4, 21, 49]])
    assert kept.rows(np.zeros(0, np.intp)).shape == (0, 3)
