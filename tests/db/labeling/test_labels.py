"""Labels: written once, checked, never overwritten; a refused submit keeps the draft."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.labeling.claiming import claim
from evalhub.labeling.drafts import draft_of, save_draft
from evalhub.labeling.undoing import undo
from evalhub.models import Label, LabelEvent, LabelValue, Queue, Slot, User
from tests.db.labeling.making import FAILED, PASSED, submit_lease

MakeQueue = Callable[..., Queue]


def take(session: Session, queue: Queue, user: User):
    return claim(session, project_id=queue.project_id, queue_id=queue.id, user_id=user.id)


def test_a_submit_writes_the_label_its_values_and_its_history(
    session: Session, queue_of: MakeQueue, people: list[User]
) -> None:
    queue = queue_of(1)
    lease = take(session, queue, people[0])
    label = submit_lease(session, queue.project_id, lease, people[0], answers=FAILED, seconds=90, heard_fraction=0.6)
    values = {(v.criterion, v.subject_type, v.subject_id): v.value for v in session.scalars(select(LabelValue))}
    assert values == {
        ("policy", "conversation", ""): False,
        ("policy", "turn", "t1"): False,
        ("tone", "conversation", ""): 2,
    }
    assert (label.seconds, label.heard_fraction, label.rubric_version) == (90, 0.6, 1)
    event = session.scalars(select(LabelEvent)).one()
    assert (event.action, event.details["auto_failed"], event.details["score"]) == ("submit", ["policy"], 1 / 6)
    assert session.scalars(select(Slot.state)).one() == "done"
    assert draft_of(session, project_id=queue.project_id, slot_id=lease.slot_id, user_id=people[0].id) == {}


def test_a_second_submit_is_refused_and_changes_nothing(
    session: Session, queue_of: MakeQueue, people: list[User]
) -> None:
    queue = queue_of(1)
    lease = take(session, queue, people[0])
    submit_lease(session, queue.project_id, lease, people[0])
    with pytest.raises(Conflict, match="submitted this call already"):
        submit_lease(session, queue.project_id, lease, people[0], answers=FAILED)
    assert len(session.scalars(select(Label)).all()) == 1


def test_a_refused_submit_keeps_what_was_filled_in(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue = queue_of(1)
    lease = take(session, queue, people[0])
    half = {"policy": {"choice": "pass"}}
    with pytest.raises(BadInput, match="not complete"):
        submit_lease(session, queue.project_id, lease, people[0], answers=half)
    kept = draft_of(session, project_id=queue.project_id, slot_id=lease.slot_id, user_id=people[0].id)
    assert kept["answers"] == half
    assert session.scalars(select(Slot.state)).one() == "leased"


def test_the_last_draft_wins_and_is_nobody_elses(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue = queue_of(1)
    slot = {"project_id": queue.project_id, "slot_id": take(session, queue, people[0]).slot_id}
    for seconds in (1, 2):
        save_draft(session, **slot, user_id=people[0].id, payload={"seconds": seconds})
    assert draft_of(session, **slot, user_id=people[0].id) == {"seconds": 2}
    assert draft_of(session, **slot, user_id=people[1].id) == {}
    with pytest.raises(NotFound):
        save_draft(session, project_id=queue.project_id, slot_id=0, user_id=people[0].id, payload={})


def test_undo_brings_the_answers_back_and_supersedes_the_label(
    session: Session, queue_of: MakeQueue, people: list[User]
) -> None:
    queue = queue_of(2)
    lease = take(session, queue, people[0])
    submit_lease(session, queue.project_id, lease, people[0], answers=FAILED, heard=[[0, 900]])
    take(session, queue, people[0])
    slot_id = undo(session, project_id=queue.project_id, queue_id=queue.id, user_id=people[0].id)
    again = take(session, queue, people[0])
    assert again.slot_id == slot_id == lease.slot_id
    draft = draft_of(session, project_id=queue.project_id, slot_id=slot_id, user_id=people[0].id)
    assert draft["answers"]["policy"] == FAILED["policy"]
    assert draft["heard"] == [[0, 900]]
    submit_lease(session, queue.project_id, again, people[0], answers=PASSED)
    labels = session.scalars(select(Label).order_by(Label.id)).all()
    assert [label.superseded_at is None for label in labels] == [False, True]
    assert session.scalars(select(LabelEvent.action).order_by(LabelEvent.id)).all() == ["submit", "undo", "submit"]


def test_undo_is_over_after_a_quarter_of_an_hour(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue = queue_of(1)
    submit_lease(session, queue.project_id, take(session, queue, people[0]), people[0])
    session.execute(text("update label set submitted_at = now() - interval '16 minutes'"))
    with pytest.raises(NotFound, match="Nothing to undo"):
        undo(session, project_id=queue.project_id, queue_id=queue.id, user_id=people[0].id)


def test_nobody_can_undo_for_somebody_else(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue = queue_of(1)
    submit_lease(session, queue.project_id, take(session, queue, people[0]), people[0])
    with pytest.raises(NotFound):
        undo(session, project_id=queue.project_id, queue_id=queue.id, user_id=people[1].id)
