"""Labels: a submit that nobody can do twice, each answer checked against the scorecard."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, insert, select, update
from sqlalchemy.orm import Session

from evalhub.errors import Conflict
from evalhub.labeling.answers import Answer, read_answers, summarise
from evalhub.labeling.drafts import drop_draft, save_draft
from evalhub.labeling.slots import OF_ITEM, OF_QUEUE, TAKEN_OVER, held
from evalhub.models import Criterion, Json, Label, LabelEvent, LabelValue, Queue, QueueItem, Slot, Turn

LONGEST_SITTING_S = 4 * 3600.0


def criteria_of(session: Session, *, project_id: int, rubric: str, version: int) -> Sequence[Criterion]:
    """The questions of a scorecard, in order."""
    this = (Criterion.project_id == project_id) & (Criterion.rubric == rubric) & (Criterion.version == version)
    return session.scalars(select(Criterion).where(this).order_by(Criterion.position, Criterion.key)).all()


def submit(session: Session, *, project_id: int, slot_id: int, token: UUID, user_id: int, payload: Json) -> Label:
    """Turn a filled-in scorecard into a label. Where it raises the draft is kept, if the caller commits.

    Raises:
        BadInput: an answer is missing or wrong, or a fail has no evidence.
        Conflict: the slot was taken over by somebody else, or submitted already.
        NotFound: no such slot.
    """
    save_draft(session, project_id=project_id, slot_id=slot_id, user_id=user_id, payload=payload)
    item = _item(session, project_id, slot_id)
    criteria = criteria_of(session, project_id=project_id, rubric=item.rubric, version=item.rubric_version)
    answers = read_answers(criteria, payload.get("answers") or {}, _turn_ids(session, project_id, item.conversation_id))
    label = Label(
        project_id=project_id,
        item_id=item.id,
        slot_id=slot_id,
        labeler_id=user_id,
        rubric_version=item.rubric_version,
        seconds=_seconds(payload, _finish(session, project_id, slot_id, token, user_id)),
        heard_fraction=_fraction(payload.get("heard_fraction")),
    )
    session.add(label)
    session.flush()
    session.execute(insert(LabelValue), _values(label, criteria, answers))
    drop_draft(session, project_id=project_id, slot_id=slot_id, user_id=user_id)
    summary = summarise(criteria, answers)
    details = {"label": label.id, "score": summary.score, "auto_failed": summary.auto_failed}
    log(session, label, "submit", details | {"heard": payload.get("heard") or []})
    return label


def log(session: Session, label: Label, action: str, details: Json) -> None:
    """Write down what happened to a label; that history is never changed."""
    session.add(
        LabelEvent(
            project_id=label.project_id,
            item_id=label.item_id,
            labeler_id=label.labeler_id,
            action=action,
            details=details,
        )
    )


def _item(session: Session, project_id: int, slot_id: int) -> Row[int, str, str, int]:
    return session.execute(
        select(QueueItem.id, QueueItem.conversation_id, Queue.rubric, QueueItem.rubric_version)
        .join(Slot, and_(*OF_ITEM))
        .join(Queue, and_(*OF_QUEUE))
        .where(Slot.project_id == project_id, Slot.id == slot_id)
    ).one()


def _turn_ids(session: Session, project_id: int, conversation_id: str) -> set[str]:
    return set(
        session.scalars(select(Turn.id).where(Turn.project_id == project_id, Turn.conversation_id == conversation_id))
    )


def _finish(session: Session, project_id: int, slot_id: int, token: UUID, user_id: int) -> float:
    """Mark the slot done, if it is still held with this token; how long it was held, in seconds."""
    seconds = session.scalar(
        update(Slot)
        .where(*held(project_id, slot_id, token, user_id))
        .values(state="done", lease_until=None)
        .returning(func.extract("epoch", func.now() - Slot.leased_at))
    )
    if seconds is None:
        raise Conflict(_why_refused(session, project_id, slot_id, user_id))
    return float(seconds)


def _why_refused(session: Session, project_id: int, slot_id: int, user_id: int) -> str:
    slot = session.execute(
        select(Slot.state, Slot.holder).where(Slot.project_id == project_id, Slot.id == slot_id)
    ).one()
    if slot.holder == user_id and slot.state == "done":
        return "You have submitted this call already."
    return TAKEN_OVER


def _seconds(payload: Json, held_s: float) -> float:
    given = payload.get("seconds")
    spent = float(given) if isinstance(given, int | float) and given > 0 else held_s
    return min(spent, LONGEST_SITTING_S)


def _fraction(given: Any) -> float | None:
    return min(max(float(given), 0.0), 1.0) if isinstance(given, int | float) else None


def _values(label: Label, criteria: Sequence[Criterion], answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """One row for the call; where a criterion is about turns and fails, also one for each turn named as evidence."""
    of_turns = {criterion.key for criterion in criteria if criterion.applies_to == "turn"}
    rows = []
    for answer in answers:
        row = {"project_id": label.project_id, "label_id": label.id, "criterion": answer.criterion}
        what = {"value": answer.value, "na": answer.na, "comment": answer.comment, "evidence": answer.evidence}
        rows.append(row | what | {"subject_type": "conversation", "subject_id": ""})
        turns = {moment["turn_id"] for moment in answer.evidence if "turn_id" in moment}
        for turn_id in sorted(turns) if answer.criterion in of_turns and answer.value is False else ():
            subject = {"subject_type": "turn", "subject_id": turn_id}
            rows.append(row | what | subject | {"comment": None, "evidence": []})
    return rows
