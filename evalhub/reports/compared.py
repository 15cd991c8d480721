"""What people and judges answered about the same calls: the rows that agreement is reckoned from. No query per call.

Of people only labels are read that estimate (drawn at random, with a known probability, from calls that were not picked
by what was answered about them), of the whole call, to a question as it is asked now. Of judges the first asking about
a call as it was last shown to them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, select, text
from sqlalchemy.orm import Session

from evalhub.criteria import FAIL, NOT_APPLICABLE, PASS, UNSURE
from evalhub.evaluations.counted import counted
from evalhub.models import Criterion, JudgeVersion, Label, LabelValue, Queue, QueueItem, Rubric, Score
from evalhub.rubrics.editing import every_version, since_of
from evalhub.traces.filters import not_picked_by_answer

Words = dict[tuple[str, str, str], str]
"""what judges said: by judge version, call and criterion"""
SAID = """
select distinct on (judge_version, conversation_id, given.key) judge_version, conversation_id, given.key, given.value
from judge_answer cross join jsonb_each_text(verdicts) given
where project_id = :project_id and run = 0 and conversation_id = any(:calls)
  and (:criterion = '' or given.key = :criterion)
order by judge_version, conversation_id, given.key, created_at desc
"""
FLIPPED = """
select first.judge_version, given.key as criterion, count(*) as answers,
       count(*) filter (where given.value is distinct from second.verdicts ->> given.key) as flipped
from judge_answer second
join judge_answer first using (project_id, conversation_id, asked, content_hash)
cross join jsonb_each_text(first.verdicts) given
where second.project_id = :project_id and second.run = 1 and first.run = 0
  and first.judge_version = second.judge_version
group by first.judge_version, given.key
"""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A scorecard as it is asked now."""

    key: str
    title: str
    criteria: Sequence[Criterion]
    since: Mapping[str, int]
    """per criterion the version from which answers count"""


Questions = Mapping[str, Card]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one person answered about one call."""

    call: str
    labeler: int
    word: str
    """pass, fail, na, or a level"""
    weight: float
    """1 / the call's probability of having been drawn"""
    heldout: bool
    """whether nobody may tune a judge on this call"""


Said = Mapping[tuple[str, str], Sequence[Answer]]
"""what people said: by scorecard and criterion"""


def people_said(session: Session, project_id: int, asked: Questions, *, criterion: str = "") -> Said:
    """By question every answer of people that counts; of one who answered the same twice the last one."""
    query = _labels(project_id).where(Queue.rubric.in_(asked))
    query = query.where(LabelValue.criterion == criterion) if criterion else query
    found: dict[tuple[str, str], dict[tuple[str, int], Answer]] = {}
    for row in session.execute(query.order_by(Label.submitted_at)):
        since = asked[row.rubric].since.get(row.criterion)
        if since is not None and row.rubric_version >= since:
            found.setdefault((row.rubric, row.criterion), {})[row.conversation_id, row.labeler_id] = _answer(row)
    return {question: list(answers.values()) for question, answers in found.items()}


def _labels(project_id: int) -> Select[Any]:
    value_of = and_(LabelValue.project_id == Label.project_id, LabelValue.label_id == Label.id)
    item_of = and_(QueueItem.project_id == Label.project_id, QueueItem.id == Label.item_id)
    columns = (Queue.rubric, Label.rubric_version, LabelValue.criterion, QueueItem.conversation_id, Label.labeler_id)
    return (
        select(*columns, LabelValue.value, LabelValue.na, QueueItem.inclusion_prob, QueueItem.split)
        .select_from(Label)
        .join(LabelValue, value_of)
        .join(QueueItem, item_of)
        .join(Queue, and_(Queue.project_id == QueueItem.project_id, Queue.id == QueueItem.queue_id))
        .where(not_picked_by_answer())
        .where(Label.project_id == project_id, Label.superseded_at.is_(None), QueueItem.purpose == "estimate")
        .where(LabelValue.subject_type == "conversation")
    )


def _answer(row: Any) -> Answer:
    return Answer(
        call=row.conversation_id,
        labeler=row.labeler_id,
        word=NOT_APPLICABLE if row.na else _word(row.value),
        weight=1 / row.inclusion_prob,
        heldout=row.split == "heldout",
    )


def _word(value: Any) -> str:
    """Levels are numbers, and 1 is not true."""
    return (PASS if value else FAIL) if isinstance(value, bool) else str(value)


def judges_said(session: Session, project_id: int, calls: Iterable[str], *, criterion: str = "") -> Words:
    """What every judge version said of these calls."""
    asked = {"project_id": project_id, "calls": sorted(set(calls)), "criterion": criterion}
    return {(row[0], row[1], row[2]): row[3] for row in session.execute(text(SAID), asked)}


def judge_versions(session: Session, project_id: int) -> list[JudgeVersion]:
    """Every judge there was, the newest first."""
    query = select(JudgeVersion).filter_by(project_id=project_id)
    return list(session.scalars(query.order_by(JudgeVersion.first_used_at.desc(), JudgeVersion.id)))


def flips(session: Session, project_id: int) -> dict[tuple[str, str], tuple[int, int]]:
    """Per judge version and criterion: how many answers were asked for twice, and how many came out differently."""
    rows = session.execute(text(FLIPPED), {"project_id": project_id})
    return {(row.judge_version, row.criterion): (row.answers, row.flipped) for row in rows}


def verdicts_now(session: Session, project_id: int, criterion: str) -> dict[str, Counter[str]]:
    """Per judge version: how many calls have each of its verdicts on this question, as they stand now."""
    judge = Score.policy["judge_version"].astext
    query = select(judge, Score.verdict, func.count()).where(
        Score.project_id == project_id,
        Score.metric == f"criterion.{criterion}",
        Score.subject_type == "conversation",
        Score.verdict.in_((PASS, FAIL, UNSURE)),
        judge.is_not(None),
        counted(),
    )
    found: dict[str, Counter[str]] = {}
    for version, verdict, count in session.execute(query.group_by(judge, Score.verdict)):
        found.setdefault(version, Counter())[verdict] = count
    return found


def questions(session: Session, project_id: int, *, rubric: str = "") -> Questions:
    """The scorecards of a project as they are asked now, by key; all or one."""
    query = select(Rubric).filter_by(project_id=project_id).order_by(Rubric.title)
    versions = every_version(session, project_id, rubric or None)
    return {
        one.key: Card(
            key=one.key, title=one.title, criteria=versions[one.key][0].criteria, since=since_of(versions[one.key])
        )
        for one in session.scalars(query)
        if one.key in versions
    }
