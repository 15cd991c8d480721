"""What one key may send: so much a second, and not more because it asks at the turn of one."""

import pytest

from webui.limits import PerSecond, in_words


def test_a_key_is_refused_beyond_its_share_of_a_second() -> None:
    limit = PerSecond(2)
    assert [limit.hit(7, 100.1), limit.hit(7, 100.5), limit.hit(7, 100.9)] == [True, True, False]


def test_other_keys_and_the_next_second_are_free() -> None:
    limit = PerSecond(1)
    assert [limit.hit(7, 100.1), limit.hit(8, 100.2), limit.hit(7, 101.0)] == [True, True, True]


@pytest.mark.parametrize(("seconds", "words"), [(1, "1 s"), (119, "119 s"), (120, "2 minutes"), (3_541, "60 minutes")])
def test_a_wait_is_told_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words
