"""Regular expressions that somebody else wrote, run so that none of them can hold a worker.

The one door to the `regex` package, which (unlike `re`) stops a search after a time: a pattern such as `(a+)+$` needs
longer than the universe has for forty characters. Patterns and texts are capped as well.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import regex  # type: ignore[import-untyped]

LONGEST_PATTERN = 1_000
LONGEST_TEXT = 10_000
SECONDS = 0.2


class TooSlow(Exception):
    """The pattern was not done with this text in time, or the text is over the cap."""


def fault_of(pattern: Any) -> str | None:
    """What is wrong with a pattern, or None where it can be used."""
    if not isinstance(pattern, str):
        return f"{pattern!r}, not a text"
    if len(pattern) > LONGEST_PATTERN:
        return f"{len(pattern)} characters, more than {LONGEST_PATTERN}"
    try:
        _compiled(pattern)
    except regex.error as error:
        return f"{pattern!r}: {error}"
    return None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    """The package's own cache costs more than most matches do."""
    return regex.compile(pattern)


def full_match(pattern: str, text: str) -> bool:
    """Whether the whole text matches.

    Raises:
        TooSlow: nobody can tell in reasonable time.
    """
    return _run("fullmatch", pattern, text)


def found_in(pattern: str, text: str) -> bool:
    """Whether the pattern occurs anywhere in the text, as JSON Schema's `pattern` asks. Raises TooSlow likewise."""
    return _run("search", pattern, text)


def _run(how: str, pattern: str, text: str) -> bool:
    if len(text) > LONGEST_TEXT or len(pattern) > LONGEST_PATTERN:
        raise TooSlow(f"a text of {len(text)} characters is too long for a pattern")
    try:
        return getattr(_compiled(pattern), how)(text, timeout=SECONDS) is not None
    except TimeoutError:
        raise TooSlow(f"the pattern takes too long on {text[:40]!r}") from None
