"""Letters said one by one: "A as in alpha", "bravo charlie", "S M I T H"."""

from __future__ import annotations

import re

WORD = (
    r"(?:al(?:f|ph)a|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliett?|kilo|lima|mike|november|oscar|papa"
    r"|quebec|romeo|sierra|tango|uniform|victor|whiskey|x-?ray|yankee|zulu)"
)
AS_IN = r"\b([a-z])\s+(?:as in|for|like)\s+[a-z]+\b"
ALPHABET_RUN = rf"\b{WORD}(?:\s+{WORD})+\b"


def letters_alone(text: str) -> str:
    """The text in lower case, each letter that was said by a word as the letter, without punctuation between."""
    spoken = re.sub(r"(?<!\d)[.,;-]+|[.,;-]+(?!\d)", " ", text.casefold())
    spoken = re.sub(AS_IN, r" \1 ", spoken)
    return re.sub(ALPHABET_RUN, lambda run: " ".join(word[0] for word in run[0].split()), spoken)
