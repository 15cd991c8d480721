"""Drafts: what a labeler has filled in and not submitted yet.

The payload: `{"answers": {criterion: {"choice", "comment", "evidence"}}, "seconds": time spent,
"heard": [[start_ms, end_ms], ...], "heard_fraction": 0..1}`; each key only where known.
"""

from typing import Any

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evalhub.errors import NotFound
from evalhub.models import Draft, Json, Slot


def draft_of(session: Session, *, project_id: int, slot_id: int, user_id: int) -> Json:
    """What this person has filled in so far."""
    return session.scalar(select(Draft.payload).where(*_draft(project_id, slot_id, user_id))) or {}


def save_draft(session: Session, *, project_id: int, slot_id: int, user_id: int, payload: Json) -> None:
    """Keep what is filled in so far, also when the slot is somebody else's by now.

    Raises:
        NotFound: no such slot.
    """
    row = select(Slot.project_id, Slot.id, literal(user_id), literal(payload, Draft.payload.type))
    row = row.where(Slot.project_id == project_id, Slot.id == slot_id)
    statement = insert(Draft).from_select(["project_id", "slot_id", "labeler_id", "payload"], row)
    newest = {"payload": statement.excluded.payload, "updated_at": func.now()}
    saved = statement.on_conflict_do_update(index_elements=["project_id", "slot_id", "labeler_id"], set_=newest)
    if not session.execute(saved.returning(Draft.slot_id)).all():
        raise NotFound(f"There is no slot {slot_id}.")


def drop_draft(session: Session, *, project_id: int, slot_id: int, user_id: int) -> None:
    """Forget it: the call was submitted or skipped."""
    session.execute(delete(Draft).where(*_draft(project_id, slot_id, user_id)))


def _draft(project_id: int, slot_id: int, user_id: int) -> tuple[Any, ...]:
    return Draft.project_id == project_id, Draft.slot_id == slot_id, Draft.labeler_id == user_id
