"""How far each judge agrees with people, question by question, and people among themselves: every automated number is
worth as much as this. Versions of a judge are never put together: another version is another judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from sqlalchemy.orm import Session

from evalhub.criteria import FAIL, NOT_APPLICABLE, PASS, UNSURE, words_of
from evalhub.models import Criterion, JudgeVersion
from evalhub.reports import compared
from evalhub.reports.compared import Answer, Card, Words
from evalhub.trust.agreement import FEW_CALLS, Agreement, Measured, Pair, agreement
from evalhub.trust.estimates import Part, corrected_rate
from evalhub.trust.intervals import Rate, rate

LISTENING = "listening"
GOOD, FAIR = 0.6, 0.4
"""kappa from which agreement is called so, if the whole range lies above"""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One judge and people on one question."""

    version: JudgeVersion
    criterion: Criterion
    found: Agreement | None = None
    """of calls both decided, the judge first and people second; None where there are none"""
    heldout: Agreement | None = None
    """of those calls on which nobody may tune a judge"""
    cells: Mapping[tuple[str, str], int]
    """calls by what the judge said and what people said"""
    flips: Rate | None = None
    """of answers that were asked for twice, how many came out differently"""
    judged: int = 0
    """calls it passes, fails or is unsure of now"""
    uncorrected: Rate | None = None
    corrected: Rate | None = None
    """share of those that pass, put right by people"""

    @property
    def listens(self) -> bool:
        return _listens(self.version)

    @property
    def calls(self) -> int:
        return self.found.calls if self.found else 0

    @property
    def missing(self) -> int:
        """Calls still to be labeled before a number is more than a hint."""
        return max(0, FEW_CALLS - self.calls)

    @property
    def short(self) -> str:
        """For beside a number: "kappa 0.71 [0.55, 0.83], 84 calls"."""
        if self.found is None:
            return "not yet compared with people"
        calls = f"{self.calls} call{'s' if self.calls != 1 else ''}"
        if self.found.kappa.value is None:
            return f"kappa not defined yet: one answer only, {calls}"
        return f"kappa {written(self.found.kappa)}, {calls}"

    @property
    def level(self) -> str:
        """In a word, where the range allows one."""
        if self.found is None or self.missing:
            return "too few to tell"
        kappa = self.found.kappa
        if kappa.low is None or kappa.high is None:
            return "can't tell yet"
        if kappa.low >= FAIR:
            return "good" if kappa.low >= GOOD else "fair"
        return "poor" if kappa.high < FAIR else "can't tell yet"


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question of a scorecard: people among themselves, and each judge with people."""

    criterion: Criterion
    answered: int
    """calls that people answered, N/A included"""
    people: Agreement | None
    """of calls that two or more people answered"""
    judges: list[Compared]


def written(measured: Measured) -> str:
    """A coefficient with its interval: 0.71 [0.55, 0.83]."""
    if measured.value is None:
        return "not defined"
    if measured.low is None or measured.high is None:
        return f"{measured.value:.2f}"
    return f"{measured.value:.2f} [{measured.low:.2f}, {measured.high:.2f}]"


def overview(session: Session, project_id: int) -> list[tuple[Card, list[Question]]]:
    """Every scorecard with its questions."""
    asked = compared.questions(session, project_id)
    said = compared.people_said(session, project_id, asked)
    words = compared.judges_said(session, project_id, _calls(answers for answers in said.values()))
    flips, versions = compared.flips(session, project_id), compared.judge_versions(session, project_id)
    return [
        (
            card,
            [_question(card, one, said.get((card.key, one.key), ()), words, flips, versions) for one in card.criteria],
        )
        for card in asked.values()
    ]


def of_question(session: Session, project_id: int, rubric: str, criterion: str) -> Question | None:
    """One question with everything that is known of it; None where there is none of that name."""
    asked = compared.questions(session, project_id, rubric=rubric)
    one = next((one for card in asked.values() for one in card.criteria if one.key == criterion), None)
    if one is None:
        return None
    answers = compared.people_said(session, project_id, asked, criterion=criterion).get((rubric, criterion), ())
    words = compared.judges_said(session, project_id, _calls([answers]), criterion=criterion)
    flips, versions = compared.flips(session, project_id), compared.judge_versions(session, project_id)
    now = compared.verdicts_now(session, project_id, criterion)
    return _question(asked[rubric], one, answers, words, flips, versions, now)


def in_short(session: Session, project_id: int) -> dict[tuple[str, str], Compared]:
    """By criterion and judge version, to stand beside that judge's numbers."""
    cards = overview(session, project_id)
    return {
        (question.criterion.key, one.version.id): one
        for _, questions in cards
        for question in questions
        for one in question.judges
    }


def _calls(answers: Iterable[Sequence[Answer]]) -> set[str]:
    return {one.call for said in answers for one in said}


def _question(
    card: Card,
    criterion: Criterion,
    answers: Sequence[Answer],
    words: Words,
    flips: Mapping[tuple[str, str], tuple[int, int]],
    versions: Sequence[JudgeVersion],
    now: Mapping[str, Counter[str]] | None = None,
) -> Question:
    able = [one for one in versions if one.rubric == card.key and _may_answer(one, criterion, card)]
    said = {one.id: {a.call: words.get((one.id, a.call, criterion.key)) for a in answers} for one in able}
    shown = [one for one in able if any(said[one.id].values())]
    shown += [one for one in _newest(able) if one not in shown]
    return Question(
        criterion=criterion,
        answered=len({answer.call for answer in answers}),
        people=_among_people(answers, _classes(criterion)),
        judges=[
            _compared(one, criterion, answers, said[one.id], flips.get((one.id, criterion.key)), now)
            for one in versions
            if one in shown
        ],
    )


def _may_answer(version: JudgeVersion, criterion: Criterion, card: Card) -> bool:
    """Whether this judge was asked this question, and as it is asked now."""
    needed = ("audio", "both") if _listens(version) else ("transcript", "both")
    return criterion.modality in needed and version.rubric_version >= card.since[criterion.key]


def _listens(version: JudgeVersion) -> bool:
    return bool(version.definition.get("back_end") == LISTENING)


def _newest(versions: Sequence[JudgeVersion]) -> list[JudgeVersion]:
    """Of each kind of judge the newest: those are in use, compared or not."""
    kinds: dict[tuple[bool, str | None], JudgeVersion] = {}
    for one in versions:
        kinds.setdefault((_listens(one), one.definition.get("transcript_source")), one)
    return list(kinds.values())


def _classes(criterion: Criterion) -> list[str]:
    return [word for word in words_of(criterion) if word != UNSURE]


def _compared(
    version: JudgeVersion,
    criterion: Criterion,
    answers: Sequence[Answer],
    said: Mapping[str, str | None],
    flips: tuple[int, int] | None,
    now: Mapping[str, Counter[str]] | None,
) -> Compared:
    classes = _classes(criterion)
    pairs = list(_pairs(answers, said, classes))
    heldout = {answer.call for answer in answers if answer.heldout}
    verdicts = (now or {}).get(version.id, Counter())
    is_boolean = criterion.type == "boolean"
    return Compared(
        version=version,
        criterion=criterion,
        found=_agreed(pairs, classes),
        heldout=_agreed([pair for pair in pairs if pair.call in heldout], classes) if now is not None else None,
        cells=Counter((word, one.word) for one in _each_once(answers) if (word := said.get(one.call))),
        flips=rate(flips[1], flips[0]) if flips else None,
        judged=sum(verdicts.values()),
        uncorrected=rate(verdicts[PASS], verdicts[PASS] + verdicts[FAIL]),
        corrected=corrected_rate(_parts(answers, said, verdicts)) if is_boolean else None,
    )


def _agreed(pairs: Sequence[Pair], classes: Sequence[str]) -> Agreement | None:
    return agreement(pairs, classes) if pairs else None


def _pairs(answers: Sequence[Answer], said: Mapping[str, str | None], classes: Sequence[str]) -> Iterator[Pair]:
    """The judge's word and a person's, of calls both decided. A call that several people answered counts once."""
    decided = [one for one in answers if one.word in classes and said.get(one.call) in classes]
    people = Counter(one.call for one in decided)
    for one in decided:
        yield Pair(call=one.call, first=said[one.call] or "", second=one.word, weight=one.weight / people[one.call])


def _each_once(answers: Sequence[Answer]) -> list[Answer]:
    """Per call each word people gave it, once."""
    return list({(one.call, one.word): one for one in answers}.values())


def _among_people(answers: Sequence[Answer], classes: Sequence[str]) -> Agreement | None:
    """Every two people who decided on one call, either way round, because none of them comes first."""
    by_call: dict[str, list[Answer]] = {}
    for one in answers:
        if one.word in classes:
            by_call.setdefault(one.call, []).append(one)
    pairs = [
        Pair(call=call, first=one.word, second=other.word, weight=one.weight / (len(given) * (len(given) - 1)))
        for call, given in by_call.items()
        for one, other in permutations(given, 2)
    ]
    return _agreed(pairs, classes)


def _parts(answers: Sequence[Answer], said: Mapping[str, str | None], verdicts: Counter[str]) -> list[Part]:
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
