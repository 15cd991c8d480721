"""From answers to what they have in common: pairs of words on calls that both decided, weighed as they were drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

from evalhub.criteria import FAIL, NOT_APPLICABLE, PASS, UNSURE, words_of
from evalhub.models import Criterion
from evalhub.reports.compared import Answer
from evalhub.trust.estimates import Part
from evalhub.trust.raters import Agreement, Pair

Judged = Mapping[str, str | None]
"""by call what a judge said; None where it was not asked"""


def with_people(criterion: Criterion, answers: Sequence[Answer], said: Judged) -> Agreement | None:
    """Of a judge, first, and people, second. None where there is no call that both decided."""
    return _agreed(criterion, list(_pairs(answers, said, _classes(criterion))))


def among_people(criterion: Criterion, answers: Sequence[Answer]) -> Agreement | None:
    """Of every two people who decided on one call, either way round, because none of them comes first."""
    by_call: dict[str, list[Answer]] = {}
    for one in answers:
        if one.word in _classes(criterion):
            by_call.setdefault(one.call, []).append(one)
    pairs = [
        Pair(call=call, first=one.word, second=other.word, weight=one.weight / (len(given) * (len(given) - 1)))
        for call, given in by_call.items()
        for one, other in permutations(given, 2)
    ]
    return _agreed(criterion, pairs)


def cells(answers: Sequence[Answer], said: Judged) -> Counter[tuple[str, str]]:
    """Calls by what the judge said and what people said; each word people gave a call counts once."""
    once = {(one.call, one.word): one for one in answers}.values()
    return Counter((word, one.word) for one in once if (word := said.get(one.call)))


def parts(answers: Sequence[Answer], said: Judged, verdicts: Counter[str]) -> list[Part]:
    """Judged calls by verdict, each with what people said of those of them that they heard."""
    given: dict[str, list[Answer]] = {}
    for one in answers:
        if one.word in (PASS, FAIL):
            given.setdefault(one.call, []).append(one)
    heard: dict[str, list[tuple[float, float]]] = {word: [] for word in verdicts}
    for call, people in given.items():
        if (word := said.get(call)) in heard and word is not None:
            heard[word].append((people[0].weight, sum(one.word == PASS for one in people) / len(people)))
    return [Part(judged=count, answers=heard[word]) for word, count in verdicts.items()]


def matrix_words(criterion: Criterion) -> tuple[list[str], list[str]]:
    """What a judge may have said (the rows) and what people may have (the columns)."""
    classes = _classes(criterion)
    return [*classes, UNSURE, NOT_APPLICABLE], [*classes, NOT_APPLICABLE]


def _classes(criterion: Criterion) -> list[str]:
    """What an answer may be besides unsure and N/A; levels of a scale in its order."""
    words = [word for word in words_of(criterion) if word != UNSURE]
    return sorted(words, key=float) if criterion.type == "ordinal" else words


def _agreed(criterion: Criterion, pairs: Sequence[Pair]) -> Agreement | None:
    from evalhub.trust.agreement import agreement  # it loads numpy, which a server that only takes traces never needs

    return agreement(pairs, _classes(criterion), ordinal=criterion.type == "ordinal") if pairs else None


def _pairs(answers: Sequence[Answer], said: Mapping[str, str | None], classes: Sequence[str]) -> Iterator[Pair]:
    """The judge's word and a person's, of calls both decided. A call that several people answered counts once."""
    decided = [one for one in answers if one.word in classes and said.get(one.call) in classes]
    people = Counter(one.call for one in decided)
    for one in decided:
        yield Pair(call=one.call, first=said[one.call] or "", second=one.word, weight=one.weight / people[one.call])
