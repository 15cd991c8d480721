"""Names of people, places and things, by their capital letters. English; a text without capitals has none.

A capital at the start of a sentence means nothing by itself: it counts after "my name is" and the like, and where more
capitals follow ("Ruth Keller here").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evalhub.transcript.words.normalise import plain
from evalhub.transcript.words.spelling import without_aids

CAPITAL = r"[A-Z][\w'\u2019-]+"
RUN = re.compile(rf"{CAPITAL}(?:[ ]{CAPITAL})*")
CUE = re.compile(
    r"(?:\b(?:name(?:'s| is)|this is|it's|i'm|i am|call me|speaking with|mr\.?|mrs\.?|ms\.?|dr\.?)\s*)$", re.IGNORECASE
)
STARTS = re.compile(r"(?:^|[.!?:\u2026]\W*)$")
NEVER = """
    i im id ill ive ok okay mr mrs ms dr sir madam am pm english spanish german french
    monday tuesday wednesday thursday friday saturday sunday
    january february march april may june july august september october november december
"""
STARTERS = """
    hello hi hey thanks thank good great dear yes no yeah sure sorry well so and but oh please my the a an this that it
    is are do does did can could would will what when where who why how if for in on at to from with your you we they
    he she there here let lets just also then now not all right perfect lovely maybe goodbye bye of order number
"""
"""words that begin a sentence and are no name, though another capital follows"""
NO_NAME, NO_FIRST_NAME = frozenset(NEVER.split()), frozenset(STARTERS.split())


def names(text: str) -> Iterator[str]:
    """Names in the order in which they were said, as they were written."""
    text = without_aids(text)
    for run in RUN.finditer(text):
        words = run[0].split(" ")
        before = text[: run.start()]
        if STARTS.search(before) and not CUE.search(before):
            starts = plain(words[0]) in NO_FIRST_NAME or "'" in words[0] or "\u2019" in words[0]
            words = words[1:] if starts or len(words) == 1 else words
        kept = [word for word in words if _may_be_a_name(word)]
        if kept:
            yield " ".join(kept)


def _may_be_a_name(word: str) -> bool:
    own = re.sub(r"['\u2019]s$", "", word)
    return plain(own) not in NO_NAME and not own.isupper() and not any(map(str.isdigit, own)) and len(own) > 1
