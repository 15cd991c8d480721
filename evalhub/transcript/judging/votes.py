"""One verdict from several askings of the same thing: the majority's, and shares as probabilities where none are given.

Quotes are checked before the vote, so a vote that rests on invented words counts as `unsure`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from evalhub.criteria import UNSURE
from evalhub.transcript.judging.verdicts import Verdict


def agreed(votes: Sequence[Verdict]) -> Verdict:
    """The verdict more than half of the votes give, with its evidence; else unsure, and how they were split."""
    if len(votes) == 1:
        return votes[0]
    counted = Counter(vote.word for vote in votes)
    word, most = counted.most_common(1)[0]
    likely, likely_from = _likely(votes, counted)
    if 2 * most > len(votes):
        return replace(next(vote for vote in votes if vote.word == word), likely=likely, likely_from=likely_from)
    split = ", ".join(f"{count} {said}" for said, count in counted.most_common())
    told = f"{len(votes)} votes did not agree ({split}). {votes[0].explanation}"
    return replace(votes[0], word=UNSURE, explanation=told, likely=likely, likely_from=likely_from)


def _likely(votes: Sequence[Verdict], counted: Counter[str]) -> tuple[dict[str, float] | None, str | None]:
    given = [vote.likely for vote in votes if vote.likely]
    if len(given) == len(votes):
        words = sorted({word for likely in given for word in likely})
        return {word: sum(likely.get(word, 0.0) for likely in given) / len(given) for word in words}, votes[
            0
        ].likely_from
    return {word: count / len(votes) for word, count in counted.items()}, "votes"
