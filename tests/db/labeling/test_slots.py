"""Slots: one labeler each, leases that run out, reasons when there is nothing left, sound only while held."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from evalhub.errors import BadInput, Conflict
from evalhub.labeling.claiming import Empty, Lease, claim, why_empty
from evalhub.labeling.queues import close_queue
from evalhub.labeling.slots import give_back, heartbeat, may_listen, skip
from evalhub.models import LabelEvent, Queue, Recording, Skip, Slot, User
from tests.db.labeling.making import submit_lease

MakeQueue = Callable[..., Queue]


def take(session: Session, queue: Queue, user: User) -> Lease | None:
    return claim(session, project_id=queue.project_id, queue_id=queue.id, user_id=user.id)


def empty(session: Session, queue: Queue, user: User) -> Empty:
    return why_empty(session, project_id=queue.project_id, queue_id=queue.id, user_id=user.id)


def held(lease: Lease, queue: Queue, user: User) -> dict[str, object]:
    return {"project_id": queue.project_id, "slot_id": lease.slot_id, "token": lease.token, "user_id": user.id}


def run_out(session: Session) -> None:
    """Every lease ended a minute ago."""
    past = datetime.now(UTC) - timedelta(minutes=1)
    session.execute(update(Slot).where(Slot.state == "leased").values(lease_until=past, leased_at=past))


def test_a_labeler_keeps_the_call_already_held(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue = queue_of(3)
    first, again = take(session, queue, people[0]), take(session, queue, people[0])
    assert (first.slot_id, first.token) == (again.slot_id, again.token)
    assert take(session, queue, people[1]).item_id != first.item_id


def test_calls_come_in_the_order_of_their_rank(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue = queue_of(3)
    leases = [take(session, queue, person) for person in people]
    assert [lease.item_id for lease in leases] == sorted(lease.item_id for lease in leases)


def test_an_expired_slot_goes_to_the_next_with_a_new_token(
    session: Session, queue_of: MakeQueue, people: list[User]
) -> None:
    queue = queue_of(1)
    late = take(session, queue, people[0])
    run_out(session)
    taken = take(session, queue, people[1])
    assert taken.slot_id == late.slot_id
    with pytest.raises(Conflict, match="Somebody else"):
        submit_lease(session, queue.project_id, late, people[0])
    assert submit_lease(session, queue.project_id, taken, people[1]).labeler_id == people[1].id


def test_a_late_submit_passes_while_nobody_took_the_slot(
    session: Session, queue_of: MakeQueue, people: list[User]
) -> None:
    queue = queue_of(1)
    late = take(session, queue, people[0])
    run_out(session)
    assert submit_lease(session, queue.project_id, late, people[0]).id


def test_an_expired_call_of_mine_comes_back_with_its_token(
    session: Session, queue_of: MakeQueue, people: list[User]
) -> None:
    queue = queue_of(2)
    mine = take(session, queue, people[0])
    run_out(session)
    again = take(session, queue, people[0])
    assert (again.slot_id, again.token) == (mine.slot_id, mine.token)
    assert again.lease_until > datetime.now(UTC) + timedelta(minutes=9)


def test_nobody_gets_the_second_slot_of_a_call_they_had(
    session: Session, queue_of: MakeQueue, people: list[User]
) -> None:
    queue = queue_of(1, overlap_share=1.0)
    submit_lease(session, queue.project_id, take(session, queue, people[0]), people[0])
    assert take(session, queue, people[0]) is None
    assert empty(session, queue, people[0]) == Empty("share")
    assert take(session, queue, people[1])


def test_an_empty_queue_says_why(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue = queue_of(1)
    lease = take(session, queue, people[0])
    assert take(session, queue, people[1]) is None
    assert empty(session, queue, people[1]) == Empty("leased", lease.lease_until)
    submit_lease(session, queue.project_id, lease, people[0])
    assert empty(session, queue, people[1]) == Empty("done")


def test_a_closed_queue_gives_nothing_out_but_takes_what_is_under_way(
    session: Session, queue_of: MakeQueue, people: list[User]
) -> None:
    queue = queue_of(2)
    lease = take(session, queue, people[0])
    close_queue(session, project_id=queue.project_id, queue_id=queue.id)
    assert take(session, queue, people[1]) is None
    assert empty(session, queue, people[1]) == Empty("closed")
    assert submit_lease(session, queue.project_id, lease, people[0]).id


def test_a_heartbeat_extends_up_to_half_an_hour(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue = queue_of(1)
    lease = take(session, queue, people[0])
    began = datetime.now(UTC) - timedelta(minutes=25)
    session.execute(update(Slot).values(leased_at=began, lease_until=datetime.now(UTC)))
    until = heartbeat(session, **held(lease, queue, people[0]))
    assert until - began == timedelta(minutes=30)


def test_a_heartbeat_with_a_foreign_token_or_person_is_refused(
    session: Session, queue_of: MakeQueue, people: list[User]
) -> None:
    queue = queue_of(1)
    lease = take(session, queue, people[0])
    with pytest.raises(Conflict):
        heartbeat(session, **held(lease, queue, people[1]))
    give_back(session, **held(lease, queue, people[0]))
    with pytest.raises(Conflict):
        heartbeat(session, **held(lease, queue, people[0]))


def test_a_skip_needs_a_reason_and_frees_the_slot(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue = queue_of(1)
    lease = take(session, queue, people[0])
    for reason in ("", "bored", "other"):
        with pytest.raises(BadInput, match="Why do you skip"):
            skip(session, **held(lease, queue, people[0]), reason=reason)
    skip(session, **held(lease, queue, people[0]), reason="bad_audio")
    session.flush()
    assert session.scalars(select(Skip.reason)).all() == ["bad_audio"]
    assert session.scalars(select(LabelEvent.action)).all() == ["skip"]
    assert take(session, queue, people[0]) is None
    assert take(session, queue, people[1]).slot_id == lease.slot_id


def test_sound_is_heard_only_while_the_call_is_held(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue, sha256 = queue_of(1), "a" * 64
    session.add(Recording(project_id=queue.project_id, conversation_id="call-00000", track="stereo", sha256=sha256))
    session.flush()
    ana, ben = people[0].id, people[1].id
    assert not may_listen(session, queue.project_id, ana, sha256)
    lease = take(session, queue, people[0])
    assert may_listen(session, queue.project_id, ana, sha256)
    assert not may_listen(session, queue.project_id, ben, sha256)
    submit_lease(session, queue.project_id, lease, people[0])
    assert not may_listen(session, queue.project_id, ana, sha256)
