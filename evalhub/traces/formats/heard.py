"""Which part of a generated text was heard, where only the time of it is known."""

import re


def first_words(text: str, share: float) -> str:
    """The words that end within this share (0 to 1) of the text."""
    ends = [word.end() for word in re.finditer(r"\S+", text) if word.end() <= share * len(text)]
    return text[: ends[-1]] if ends else ""
