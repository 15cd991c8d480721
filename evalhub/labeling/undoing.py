"""Undo: for 15 minutes a labeler may take the last submit back. Nothing is overwritten, the label is superseded."""

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from evalhub.errors import NotFound
from evalhub.labeling.answers import choice_of
from evalhub.labeling.drafts import save_draft
from evalhub.labeling.labels import log
from evalhub.labeling.slots import from_now, interval
from evalhub.models import Json, Label, LabelEvent, LabelValue, Queue, QueueItem, Slot

UNDO_WITHIN_S = 15 * 60


def may_undo(session: Session, *, project_id: int, queue_id: int, user_id: int) -> bool:
    """Whether there is a submit that can still be taken back."""
    return bool(session.scalar(select(_recent(project_id, queue_id, user_id).exists())))


def undo(session: Session, *, project_id: int, queue_id: int, user_id: int) -> int:
    """Take back this person's last label of a queue, for 15 minutes: it is superseded, its answers are a draft again.

    Returns the slot, which is leased to them anew.

    Raises:
        NotFound: nothing was submitted in the last 15 minutes.
    """
    label = _last(session, project_id, queue_id, user_id)
    if label is None:
        raise NotFound("Nothing to undo: you submitted no call in the last 15 minutes.")
    label.superseded_at = session.scalar(select(func.now()))
    lease_s = select(Queue.lease_s).where(Queue.project_id == project_id, Queue.id == queue_id).scalar_subquery()
    reopened = {"state": "leased", "lease_token": func.gen_random_uuid(), "leased_at": func.now()}
    reopened |= {"lease_until": from_now(lease_s)}
    session.execute(update(Slot).where(Slot.project_id == project_id, Slot.id == label.slot_id).values(reopened))
    payload = _payload(session, label)
    save_draft(session, project_id=project_id, slot_id=label.slot_id, user_id=user_id, payload=payload)
    log(session, label, "undo", {"label": label.id})
    return label.slot_id


def _recent(project_id: int, queue_id: int, user_id: int) -> Select[Label]:
    return (
        select(Label)
        .join(QueueItem, (QueueItem.project_id == Label.project_id) & (QueueItem.id == Label.item_id))
        .where(Label.project_id == project_id, Label.labeler_id == user_id, QueueItem.queue_id == queue_id)
        .where(Label.superseded_at.is_(None), Label.submitted_at > func.now() - interval(UNDO_WITHIN_S))
    )


def _last(session: Session, project_id: int, queue_id: int, user_id: int) -> Label | None:
    newest = _recent(project_id, queue_id, user_id).order_by(Label.submitted_at.desc(), Label.id.desc())
    return session.scalar(newest.limit(1).with_for_update(of=Label))


def _payload(session: Session, label: Label) -> Json:
    """The draft that this label was."""
    rows = session.scalars(
        select(LabelValue).where(
            LabelValue.project_id == label.project_id,
            LabelValue.label_id == label.id,
            LabelValue.subject_type == "conversation",
        )
    )
    answers = {
        row.criterion: {
            "choice": choice_of(row.value, na=row.na),
            "comment": row.comment or "",
            "evidence": row.evidence,
        }
        for row in rows
    }
    heard = session.scalar(
        select(LabelEvent.details["heard"])
        .where(LabelEvent.project_id == label.project_id, LabelEvent.item_id == label.item_id)
        .where(LabelEvent.labeler_id == label.labeler_id, LabelEvent.action == "submit")
        .order_by(LabelEvent.id.desc())
        .limit(1)
    )
    return {
        "answers": answers,
        "seconds": label.seconds,
        "heard": heard or [],
        "heard_fraction": label.heard_fraction,
    }
