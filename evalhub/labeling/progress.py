"""How far a project's queues are, who did what, and one labeler's own results. No query per row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from evalhub.labeling.slots import OF_ITEM, OF_QUEUE
from evalhub.models import Conversation, Label, Queue, QueueItem, Rubric, Skip, Slot, User

OF_LABEL = (QueueItem.project_id == Label.project_id, QueueItem.id == Label.item_id)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A queue and how far it is."""

    id: int
    name: str
    rubric: str
    rubric_title: str
    rubric_version: int
    created_at: datetime
    closed_at: datetime | None
    calls: int
    answers: int
    """scorecards wanted"""
    done: int
    leased: int
    """being listened to now"""
    skips: int
    median_s: float | None
    """time one scorecard takes"""

    @property
    def open(self) -> int:
        """Scorecards that nobody works on."""
        return self.answers - self.done - self.leased


@dataclass(frozen=True, kw_only=True)
class LabelerWork:
    """What one person did: in a queue, or altogether."""

    user_id: int
    name: str
    labels: int
    skips: int
    median_s: float | None
    heard: float | None
    """mean share of the sound they listened to"""
    pace: float | None
    """time spent over length of the calls"""
    last_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class OwnLabel:
    """A label as its own labeler sees it again."""

    id: int
    queue_id: int
    queue: str
    submitted_at: datetime
    seconds: float | None
    heard_fraction: float | None
    call_ms: int | None


def queues(session: Session, project_id: int, *, queue_id: int | None = None) -> list[Progress]:
    """Every queue of a project with its progress: open ones first, then the newest."""
    slots, skips, labels = (
        query.group_by(QueueItem.queue_id).subquery()
        for query in (_slots(project_id), _skips(project_id), _labels(project_id))
    )
    query = (
        select(
            *(Queue.id, Queue.name, Queue.rubric, Rubric.title.label("rubric_title"), Queue.rubric_version),
            *(Queue.created_at, Queue.closed_at, slots.c.calls, slots.c.answers, slots.c.done, slots.c.leased),
            *(func.coalesce(skips.c.skips, 0).label("skips"), labels.c.median_s),
        )
        .join(Rubric, (Rubric.project_id == Queue.project_id) & (Rubric.key == Queue.rubric))
        .join(slots, slots.c.queue_id == Queue.id)
        .outerjoin(skips, skips.c.queue_id == Queue.id)
        .outerjoin(labels, labels.c.queue_id == Queue.id)
        .where(Queue.project_id == project_id)
        .order_by(Queue.closed_at.is_not(None), Queue.created_at.desc(), Queue.id.desc())
    )
    if queue_id is not None:
        query = query.where(Queue.id == queue_id)
    return [Progress(**row._mapping) for row in session.execute(query)]


def labelers(
    session: Session, project_id: int, *, queue_id: int | None = None, user_id: int | None = None
) -> list[LabelerWork]:
    """Who labeled and skipped how much, the most first: in one queue or altogether, everybody or one person."""
    labels, skips = _labels(project_id, Label.labeler_id), _skips(project_id, Skip.labeler_id)
    if queue_id is not None:
        labels, skips = (query.where(QueueItem.queue_id == queue_id) for query in (labels, skips))
    worked, passed = labels.group_by(Label.labeler_id).subquery(), skips.group_by(Skip.labeler_id).subquery()
    query = (
        select(
            *(User.id.label("user_id"), func.coalesce(func.nullif(User.name, ""), User.email).label("name")),
            *(func.coalesce(worked.c.labels, 0).label("labels"), func.coalesce(passed.c.skips, 0).label("skips")),
            *(worked.c.median_s, worked.c.heard, worked.c.pace, worked.c.last_at),
        )
        .outerjoin(worked, worked.c.labeler_id == User.id)
        .outerjoin(passed, passed.c.labeler_id == User.id)
        .where(or_(worked.c.labels > 0, passed.c.skips > 0))
        .order_by(func.coalesce(worked.c.labels, 0).desc(), User.id)
    )
    if user_id is not None:
        query = query.where(User.id == user_id)
    return [LabelerWork(**row._mapping) for row in session.execute(query)]


def own_labels(session: Session, project_id: int, user_id: int, *, limit: int = 100) -> list[OwnLabel]:
    """What one person submitted last, newest first. Undone labels are left out."""
    query = (
        _of_labels(
            project_id,
            *(Label.id, Queue.id.label("queue_id"), Queue.name.label("queue"), Label.submitted_at),
            *(Label.seconds, Label.heard_fraction, Conversation.duration_ms.label("call_ms")),
        )
        .join(Queue, and_(*OF_QUEUE))
        .where(Label.labeler_id == user_id)
        .order_by(Label.submitted_at.desc(), Label.id.desc())
        .limit(limit)
    )
    return [OwnLabel(**row._mapping) for row in session.execute(query)]


def _slots(project_id: int) -> Any:
    leased = (Slot.state == "leased") & (Slot.lease_until > func.now())
    return (
        select(
            QueueItem.queue_id,
            func.count(Slot.item_id.distinct()).label("calls"),
            func.count().label("answers"),
            func.count().filter(Slot.state == "done").label("done"),
            func.count().filter(leased).label("leased"),
        )
        .join(QueueItem, and_(*OF_ITEM))
        .where(Slot.project_id == project_id)
    )


def _skips(project_id: int, by: Any = QueueItem.queue_id) -> Select[Any]:
    of_item = (QueueItem.project_id == Skip.project_id) & (QueueItem.id == Skip.item_id)
    return (
        select(by, func.count().label("skips"))
        .select_from(Skip)
        .join(QueueItem, of_item)
        .where(Skip.project_id == project_id)
    )


def _labels(project_id: int, by: Any = QueueItem.queue_id) -> Select[Any]:
    both = Label.seconds.is_not(None) & Conversation.duration_ms.is_not(None)
    call_s = func.sum(Conversation.duration_ms).filter(both) / 1000.0
    return _of_labels(
        project_id,
        by,
        func.count().label("labels"),
        func.percentile_cont(0.5).within_group(Label.seconds).label("median_s"),
        func.avg(Label.heard_fraction).label("heard"),
        (func.sum(Label.seconds).filter(both) / func.nullif(call_s, 0)).label("pace"),
        func.max(Label.submitted_at).label("last_at"),
    )


def _of_labels(project_id: int, *columns: Any) -> Select[Any]:
    """Over the labels that count: the superseded ones do not."""
    call = (Conversation.project_id == QueueItem.project_id) & (Conversation.id == QueueItem.conversation_id)
    joined = select(*columns).select_from(Label).join(QueueItem, and_(*OF_LABEL)).join(Conversation, call)
    return joined.where(Label.project_id == project_id, Label.superseded_at.is_(None))
