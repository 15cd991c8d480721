"""Things for labeling tests: calls in bulk, a scorecard, a queue, a filled-in answer."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from evalhub.labeling.claiming import Lease
from evalhub.labeling.labels import submit
from evalhub.labeling.plans import create_queue
from evalhub.models import (
    Conversation,
    Criterion,
    Label,
    LabelValue,
    Queue,
    QueueItem,
    Rubric,
    RubricVersion,
    Turn,
    User,
)

LEVELS = [{"value": value, "label": str(value), "anchor": ""} for value in (1, 2, 3)]
PASSED = {"policy": {"choice": "pass"}, "tone": {"choice": "2"}}
FAILED = PASSED | {"policy": {"choice": "fail", "evidence": [{"turn_id": "t1"}], "comment": "wrong order"}}


def make_user(**overrides: Any) -> User:
    return User(**({"email": f"{uuid4().hex}@example.com", "name": "Ana"} | overrides))


def add_rubric(session: Session, project_id: int, **overrides: Any) -> None:
    """A scorecard "care", version 1: a critical boolean about turns and an ordinal."""
    key = {"project_id": project_id, "rubric": "care", "version": 1}
    session.add(Rubric(project_id=project_id, key="care", title="Care"))
    session.flush()
    session.add(RubricVersion(project_id=project_id, rubric="care", number=1, definition_hash="1"))
    session.flush()
    policy = {"title": "Policy", "question": "Followed?", "auto_fail": True, "applies_to": "turn", "weight": 2.0}
    session.add(Criterion(**key, key="policy", position=0, **(policy | overrides)))
    tone = {"title": "Tone", "question": "How?", "type": "ordinal", "levels": LEVELS, "allow_na": False}
    session.add(Criterion(**key, key="tone", position=1, **tone))
    session.flush()


def add_calls(session: Session, project_id: int, count: int, *, prefix: str = "call") -> None:
    """So many ended calls of three minutes, each with one turn."""
    ids = [f"{prefix}-{number:05d}" for number in range(count)]
    shared = {"project_id": project_id, "duration_ms": 180_000, "state": "ended"}
    session.execute(insert(Conversation), [shared | {"id": call} for call in ids])
    turn = {"project_id": project_id, "id": "t1", "position": 0, "speaker": "agent", "start_ms": 0, "end_ms": 900}
    session.execute(insert(Turn), [turn | {"conversation_id": call} for call in ids])


def all_calls(project_id: int) -> Select[str]:
    return select(Conversation.id).where(Conversation.project_id == project_id)


def make_queue(session: Session, project_id: int, **overrides: Any) -> Queue:
    asked = {"rubric": "care", "calls": 3, "population_query": {}, "seed": 42, "overlap_share": 0.0}
    return create_queue(session, all_calls(project_id), project_id=project_id, **(asked | overrides))


def submit_lease(session: Session, project_id: int, lease: Lease, user: User, **payload: Any) -> Label:
    return submit(
        session,
        project_id=project_id,
        slot_id=lease.slot_id,
        token=lease.token,
        user_id=user.id,
        payload={"answers": PASSED} | payload,
    )


def label_calls(session: Session, queue: Queue, user: User, said: Mapping[str, Mapping[str, Any]]) -> None:
    """Labels as if somebody had filled them in: by call, by criterion true, false, a level, or "na"."""
    items = select(QueueItem.conversation_id, QueueItem.id).filter_by(queue_id=queue.id)
    item_of = dict(session.execute(items).all())
    for call, answers in said.items():
        where = {"project_id": queue.project_id, "item_id": item_of[call], "slot_id": 0}
        label = Label(**where, labeler_id=user.id, rubric_version=queue.rubric_version)
        session.add(label)
        session.flush()
        for criterion, value in answers.items():
            given = {"na": True} if value == "na" else {"value": value}
            session.add(LabelValue(project_id=queue.project_id, label_id=label.id, criterion=criterion, **given))
