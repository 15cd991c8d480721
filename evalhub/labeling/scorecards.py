"""The scorecards a project has: which there are to choose from, and what one asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, selectinload

from evalhub.errors import NotFound
from evalhub.models import Criterion, Label, Queue, QueueItem, Rubric, RubricVersion, Score

VERDICT_ON = "criterion."  # the judge's metric of a criterion is this and the criterion's key


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """A rubric as a list shows it."""

    key: str
    title: str
    description: str
    version: int
    """the latest"""
    published_at: datetime
    criteria: int
    critical: int
    """criteria that fail a call whatever the others say"""
    labels: int
    """filled in with any version"""


def scorecards(session: Session, project_id: int) -> list[Scorecard]:
    """Every scorecard of a project at its latest version, by title."""
    newest = (
        select(RubricVersion.rubric, func.max(RubricVersion.number).label("version"))
        .where(RubricVersion.project_id == project_id)
        .group_by(RubricVersion.rubric)
        .subquery()
    )
    labels = _label_counts(project_id).subquery()
    of_version = (RubricVersion.project_id == project_id) & (RubricVersion.rubric == Rubric.key)
    criterion_of = (Criterion.project_id == project_id) & (Criterion.rubric == Rubric.key)
    query = (
        select(
            *(Rubric.key, Rubric.title, Rubric.description, newest.c.version, RubricVersion.published_at),
            func.count(Criterion.key).label("criteria"),
            func.count(Criterion.key).filter(Criterion.auto_fail).label("critical"),
            func.coalesce(labels.c.labels, 0).label("labels"),
        )
        .join(newest, newest.c.rubric == Rubric.key)
        .join(RubricVersion, of_version & (RubricVersion.number == newest.c.version))
        .outerjoin(Criterion, criterion_of & (Criterion.version == newest.c.version))
        .outerjoin(labels, labels.c.rubric == Rubric.key)
        .where(Rubric.project_id == project_id)
        .group_by(Rubric.project_id, Rubric.key, newest.c.version, RubricVersion.published_at, labels.c.labels)
        .order_by(Rubric.title)
    )
    return [Scorecard(**row._mapping) for row in session.execute(query)]


def versions(session: Session, project_id: int, key: str) -> tuple[Rubric, Sequence[RubricVersion]]:
    """A scorecard and its versions with their criteria, the latest first.

    Raises:
        NotFound: the project has no such scorecard.
    """
    rubric = session.get(Rubric, (project_id, key))
    if rubric is None:
        raise NotFound(f"There is no scorecard {key!r}.")
    query = select(RubricVersion).where(RubricVersion.project_id == project_id, RubricVersion.rubric == key)
    query = query.options(selectinload(RubricVersion.criteria)).order_by(RubricVersion.number.desc())
    return rubric, session.scalars(query).all()


def judged_criteria(session: Session, project_id: int) -> list[tuple[str, str]]:
    """Criteria (key, title) that have a verdict on some call: a draw may lean on those."""
    scored = exists().where(
        Score.project_id == project_id,
        Score.metric == VERDICT_ON + Criterion.key,
        Score.verdict.in_(("pass", "fail")),
    )
    query = select(Criterion.key, func.max(Criterion.title)).where(Criterion.project_id == project_id, scored)
    return [(row[0], row[1]) for row in session.execute(query.group_by(Criterion.key).order_by(Criterion.key))]


def _label_counts(project_id: int) -> Select[str, int]:
    return (
        select(Queue.rubric, func.count().label("labels"))
        .select_from(Label)
        .join(QueueItem, (QueueItem.project_id == Label.project_id) & (QueueItem.id == Label.item_id))
        .join(Queue, (Queue.project_id == QueueItem.project_id) & (Queue.id == QueueItem.queue_id))
        .where(Label.project_id == project_id, Label.superseded_at.is_(None))
        .group_by(Queue.rubric)
    )
