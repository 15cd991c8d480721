"""How pages write lengths and moments."""

import pytest

from webui.label import clock
from webui.pages import duration


@pytest.mark.parametrize(
    ("ms", "told"),
    [
        (None, "-"),
        (0, "0 ms"),
        (60, "60 ms"),
        (100, "0.1 s"),
        (9_949, "9.9 s"),
        (192_000, "3:12"),
        (3_600_000, "1:00:00"),
    ],
)
def test_a_length_is_written_as_long_as_it_is(ms: float | None, told: str) -> None:
    assert duration(ms) == told


@pytest.mark.parametrize(
    ("ms", "told"), [(None, "-"), (0, "0:00"), (999, "0:00"), (67_300, "1:07"), (4_512_000, "1:15:12")]
)
def test_a_moment_is_written_as_on_the_axis(ms: float | None, told: str) -> None:
    assert clock(ms) == told
