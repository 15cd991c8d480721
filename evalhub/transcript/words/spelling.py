"""Letters said one by one ("A as in alpha", "bravo charlie", "S M I T H"), and addresses ("john dot smith at ...")."""

from __future__ import annotations

import re

WORD = (
    r"(?:al(?:f|ph)a|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliett?|kilo|lima|mike|november|oscar|papa"
    r"|quebec|romeo|sierra|tango|uniform|victor|whiskey|x-?ray|yankee|zulu)"
)
AS_IN = r"\b(?:([a-z])\s+as in|([b-hj-z])\s+(?:for|like))\s+[a-z]+\b"
""" "a for" and "I like" begin sentences"""
ALPHABET_RUN = rf"\b{WORD}(?:\s+{WORD})+\b"


def letters_alone(text: str) -> str:
    """The text in lower case, each letter that was said by a word as the letter, without punctuation between."""
    spoken = re.sub(r"(?<!\d)[.,;-]+|[.,;-]+(?!\d)", " ", text.casefold())
    spoken = re.sub(r"\b(?:zee|zed)\b", "z", re.sub(AS_IN, r" \1\2 ", spoken))
    spoken = re.sub(ALPHABET_RUN, lambda run: " ".join(word[0] for word in run[0].split()), spoken)
    return " ".join(spoken.split())


def without_aids(text: str) -> str:
    """The text without the words that only say which letter is meant: they are nobody's name."""
    return ALPHABET.sub(" ", AIDS.sub(r"\1\2 ", text))


def addresses_said(text: str) -> str:
    """The text with e-mail addresses as they are said: "john dot smith at example dot com"."""
    return ADDRESS.sub(lambda found: f" {re.sub('[@._-]', lambda sign: SIGNS[sign[0]], found[0])} ", text)


AIDS, ALPHABET = re.compile(AS_IN, re.IGNORECASE), re.compile(ALPHABET_RUN, re.IGNORECASE)
ADDRESS = re.compile(r"\b[\w.-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.IGNORECASE)
SIGNS = {"@": " at ", ".": " dot ", "_": " underscore ", "-": " dash "}
ADDRESS_SAID = re.compile(
    r"\b(?:\w+ (?:dot|underscore|dash) )*(?!\d+ )\w+ at \w+(?: dash \w+)*(?: dot \w+)* dot [a-z]{2,}\b"
)
"""in normalised words"""
