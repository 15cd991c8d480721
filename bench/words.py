"""Word errors with alignment: words per CPU second, next to jiwer on the same pairs. `python bench/words.py`.

Pairs of 5 to 60 words with 12 % errors are made from a seed. Prints reference words per CPU second of this process:
`compare` (counts of words and characters, and the alignment), the normaliser, and jiwer's `process_words` and
`process_characters`. Stops with an error where one pair is answered otherwise than by jiwer.
"""

import argparse
import time
from collections.abc import Callable
from random import Random
from typing import Any

import jiwer

from evalhub.transcript.words.alignment import Comparison, compare
from evalhub.transcript.words.normalise import english

STEMS = (
    "order number please could you send the snowboard back tomorrow morning before nine because my address changed and "
    "the parcel never came so I would like a refund or another size if that is possible thank you very much for help"
)
WORDS = [f"{stem}{ending}" for stem in STEMS.split() for ending in ("", "s", "ed", "ing", "er")]
Pair = tuple[str, str]


def pairs(count: int, errors: float, chance: Random) -> list[Pair]:
    made = []
    for _ in range(count):
        reference = chance.choices(WORDS, k=chance.randint(5, 60))
        heard = [word for said in reference for word in misheard(said, errors, chance)]
        made.append((" ".join(reference), " ".join(heard)))
    return made


def misheard(word: str, errors: float, chance: Random) -> list[str]:
    lot = chance.random()
    if lot < errors * 0.6:
        return [chance.choice(WORDS)]
    if lot < errors * 0.8:
        return []
    return [word, chance.choice(WORDS)] if lot < errors else [word]


def check(made: list[Pair]) -> None:
    for reference, heard in made:
        ours = compare(reference, heard)
        if differ(ours, jiwer.process_words(reference, heard), jiwer.process_characters(reference, heard)):
            raise SystemExit(f"jiwer answers otherwise: {reference!r} / {heard!r}")


def differ(ours: Comparison, words: Any, characters: Any) -> bool:
    names = ("hits", "substitutions", "deletions", "insertions")
    counts = [
        (getattr(mine, n), getattr(theirs, n))
        for mine, theirs in ((ours.words, words), (ours.characters, characters))
        for n in names
    ]
    chunks = [
        (chunk.type, " ".join(words.references[0][chunk.ref_start_idx : chunk.ref_end_idx]))
        for chunk in words.alignments[0]
    ]
    same = chunks == [(chunk["type"], chunk["reference"]) for chunk in ours.alignment]
    return any(mine != theirs for mine, theirs in counts) or not same or ours.words.rate != words.wer


def seconds(work: Callable[[str, str], object], made: list[Pair]) -> float:
    begun = time.process_time()
    for reference, heard in made:
        work(reference, heard)
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--errors", type=float, default=0.12)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    made = pairs(chosen.pairs, chosen.errors, Random(11))
    words = sum(len(reference.split()) for reference, _ in made)
    check(made)
    print(f"{len(made):,} pairs, {words:,} reference words: the same counts and alignments as jiwer on every pair")
    methods: dict[str, Callable[[str, str], object]] = {
        "compare: words, characters, alignment": compare,
        "normalised first": lambda reference, heard: compare(english(reference), english(heard)),
        "jiwer: words, characters, alignment": lambda *pair: (
            jiwer.process_words(*pair),
            jiwer.process_characters(*pair),
        ),
    }
    for name, work in methods.items():
        best = min(seconds(work, made) for _ in range(chosen.rounds))
        print(f"{name:40} {words / best:>12,.0f} words per CPU s, {best / len(made) * 1e6:6.1f} us a pair")


if __name__ == "__main__":
    main()
