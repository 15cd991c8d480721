"""Sixteen people at one queue, some vanish, some skip, some are slow: every slot is done once, nobody meets another."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from evalhub.db import open_engine, open_sessions
from evalhub.errors import Conflict
from evalhub.labeling.claiming import Lease, claim
from evalhub.labeling.slots import skip
from evalhub.models import Label, Queue, QueueItem, Skip, Slot, User
from evalhub.services import Services
from tests.db.labeling.making import make_user, submit_lease

LABELERS, CALLS = 16, 120
CRASH, SKIP, OVERRUN = 0.08, 0.03, 0.06


def expire(session: Session, slot_id: int) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    session.execute(update(Slot).where(Slot.id == slot_id, Slot.state == "leased").values(lease_until=past))


def label_until_empty(services: Services, queue: Queue, user: User, chance: random.Random) -> Counter[str]:
    """One labeler's day: claims are committed before the work, as pages do."""
    did: Counter[str] = Counter()
    while True:
        with services.work() as session:
            lease = claim(session, project_id=queue.project_id, queue_id=queue.id, user_id=user.id)
        if lease is None:
            return did
        did[work_on(services, queue, user, lease, chance.random())] += 1


def work_on(services: Services, queue: Queue, user: User, lease: Lease, luck: float) -> str:
    held = {"project_id": queue.project_id, "slot_id": lease.slot_id, "token": lease.token, "user_id": user.id}
    with services.work() as session:
        if luck < CRASH + OVERRUN:
            expire(session, lease.slot_id)
    if luck < CRASH:
        return "crashed"
    try:
        with services.work() as session:
            if luck > 1 - SKIP:
                skip(session, **held, reason="bad_audio")
                return "skipped"
            submit_lease(session, queue.project_id, lease, user)
    except Conflict:
        return "refused"
    return "submitted"


def test_every_slot_is_done_once_by_somebody_else(services: Services, queue_of: Callable[..., Queue]) -> None:
    queue = queue_of(CALLS, overlap_share=0.5)
    with services.work() as session:
        people = [make_user(name=f"labeler {number}") for number in range(LABELERS)]
        session.add_all(people)
    engine = open_engine(services.engine.url.render_as_string(hide_password=False), pool_size=LABELERS)
    crowd = replace(services, engine=engine, sessions=open_sessions(engine))
    with ThreadPoolExecutor(LABELERS) as pool:
        days = [pool.submit(label_until_empty, crowd, queue, person, random.Random(person.id)) for person in people]
        did = sum((day.result() for day in days), Counter[str]())
    engine.dispose()
    assert min(did["crashed"], did["skipped"]) > 0, did
    with services.sessions() as session:
        check(session, did)


def check(session: Session, did: Counter[str]) -> None:
    assert set(session.scalars(select(Slot.state))) == {"done"}
    current = pairs(session, Label.item_id, Label.labeler_id)
    wanted = dict(pairs(session, QueueItem.id, QueueItem.labels_wanted))
    assert Counter(item for item, _ in current) == Counter(wanted)
    assert len(set(current)) == len(current) == did["submitted"] == round(CALLS * 1.5)
    assert set(current) == set(pairs(session, Slot.item_id, Slot.holder)), "a slot is labeled by whoever holds it"
    assert not set(current) & set(pairs(session, Skip.item_id, Skip.labeler_id)), "nobody meets a call they skipped"


def pairs(session: Session, *columns: Any) -> list[tuple[int, int]]:
    return [tuple(row) for row in session.execute(select(*columns))]
