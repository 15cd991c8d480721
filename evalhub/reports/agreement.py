"""How far each judge agrees with people, question by question, and people among themselves: every automated number is
worth as much as this. Versions of a judge are never put together: another version is another judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from evalhub.criteria import FAIL, PASS
from evalhub.models import Criterion, JudgeVersion
from evalhub.reports import compared, pairing
from evalhub.reports.agreed import Compared, Question, listens
from evalhub.reports.compared import Answer, Card, Words
from evalhub.reports.pairing import Judged
from evalhub.trust.estimates import corrected_rate
from evalhub.trust.intervals import rate


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
        people=pairing.among_people(criterion, answers),
        judges=[
            _compared(one, criterion, answers, said[one.id], flips.get((one.id, criterion.key)), now)
            for one in versions
            if one in shown
        ],
    )


def _may_answer(version: JudgeVersion, criterion: Criterion, card: Card) -> bool:
    """Whether this judge was asked this question, and as it is asked now."""
    needed = ("audio", "both") if listens(version) else ("transcript", "both")
    return criterion.modality in needed and version.rubric_version >= card.since[criterion.key]


def _newest(versions: Sequence[JudgeVersion]) -> list[JudgeVersion]:
    """Of each kind of judge the newest: those are in use, compared or not."""
    kinds: dict[tuple[bool, str | None], JudgeVersion] = {}
    for one in versions:
        kinds.setdefault((listens(one), one.definition.get("transcript_source")), one)
    return list(kinds.values())


def _compared(
    version: JudgeVersion,
    criterion: Criterion,
    answers: Sequence[Answer],
    said: Judged,
    flips: tuple[int, int] | None,
    now: Mapping[str, Counter[str]] | None,
) -> Compared:
    heldout = [answer for answer in answers if answer.heldout]
    verdicts = (now or {}).get(version.id, Counter())
    is_boolean = criterion.type == "boolean"
    return Compared(
        version=version,
        criterion=criterion,
        found=pairing.with_people(criterion, answers, said),
        heldout=pairing.with_people(criterion, heldout, said) if now is not None else None,
        cells=pairing.cells(answers, said),
        flips=rate(flips[1], flips[0]) if flips else None,
        judged=sum(verdicts.values()),
        uncorrected=rate(verdicts[PASS], verdicts[PASS] + verdicts[FAIL]),
        corrected=corrected_rate(pairing.parts(answers, said, verdicts)) if is_boolean else None,
    )
