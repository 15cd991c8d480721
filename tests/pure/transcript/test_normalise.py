"""One spelling for what sounds the same."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.transcript.words.normalise import english, normaliser_for, plain
from evalhub.transcript.words.numbers import read_number

SAME = [
    ("twenty-fifth", "25th", "25th"),
    ("one hundred fifty", "150", "150"),
    ("one hundred and fifty", "one fifty", "150"),
    ("It's a one two three four five.", "it's A12345", "its a12345"),
    ("A-1-2-3", "a one two three", "a123"),
    ("B five five zero eight one", "B55081", "b55081"),
    ("nineteen ninety nine", "1999", "1999"),
    ("two thousand twenty six", "2026", "2026"),
    ("ten fifteen a.m.", "10:15am", "1015 am"),
    ("$5 million", "five million dollars", "5000000 dollars"),
    ("a hundred percent", "100%", "100 percent"),
    ("three point five stars", "3.5 stars", "3.5 stars"),
    ("double five oh two", "5502", "5502"),
    ("twenty one thousand three hundred and five", "21,305", "21305"),
    ("the U.S.A.", "the USA", "the usa"),
    ("Dr. Shah, um, is OK", "doctor shah is okay", "doctor shah is okay"),
    ("one hundred and first", "101st", "101st"),
    ("don\u2019t", "don't", "dont"),
    ("\uff21\uff11\uff12\uff13", "a123", "a123"),
]
ORDINARY = ["a 5 minute wait", "i bought it in 2026 i think", "half past 10", "12 and 3", "oh no"]


@pytest.mark.parametrize(("one", "other", "written"), SAME)
def test_what_sounds_the_same_is_written_the_same(one: str, other: str, written: str) -> None:
    assert (english(one), english(other)) == (written, written)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_words_stay(text: str) -> None:
    assert english(text) == text


@given(st.text())
def test_normalised_text_holds_words_and_single_spaces(text: str) -> None:
    for normalise in (english, plain):
        words = normalise(text)
        assert words == " ".join(words.split())
        assert "," not in words


@given(st.text(string.ascii_letters + string.digits + " ,.'-$%"))
def test_writing_it_again_changes_nothing(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert english(text).split() == english(text.upper()).split()


@given(st.integers(1, 999_999_999))
def test_every_number_can_be_read_from_its_words(value: int) -> None:
    words = spoken(value)
    number = read_number(words, 0)
    assert number is not None
    assert (number.digits, number.words) == (str(value), len(words))


def test_other_languages_keep_their_words() -> None:
    assert normaliser_for("de-DE").text("Die Zahl: Fünf!") == "die zahl fünf"
    assert (normaliser_for("de").stamp, normaliser_for(None).stamp) == ("plain/1", "english/1")


SMALL = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def spoken(value: int) -> list[str]:
    """A number in words, the textbook way."""
    for size, name in ((10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if value >= size:
            rest = value % size
            return [*spoken(value // size), name, *(spoken(rest) if rest else [])]
    if value < 20:
        return [SMALL[value]]
    return [TENS[value // 10 - 2], *([SMALL[value % 10]] if value % 10 else [])]
