"""Progress: what is done, who did it, what leaves as a table. Undone labels do not count."""

import csv
import io
from collections.abc import Callable

from sqlalchemy.orm import Session

from evalhub.labeling.claiming import claim
from evalhub.labeling.export import COLUMNS, label_rows, labels_csv
from evalhub.labeling.progress import labelers, own_labels, queues
from evalhub.labeling.queues import close_queue
from evalhub.labeling.slots import skip
from evalhub.labeling.undoing import undo
from evalhub.models import Queue, User
from tests.db.labeling.making import FAILED, PASSED, make_queue, submit_lease

MakeQueue = Callable[..., Queue]


def label_one(session: Session, queue: Queue, user: User, **payload: object) -> None:
    lease = claim(session, project_id=queue.project_id, queue_id=queue.id, user_id=user.id)
    submit_lease(session, queue.project_id, lease, user, **payload)


def skip_one(session: Session, queue: Queue, user: User) -> None:
    lease = claim(session, project_id=queue.project_id, queue_id=queue.id, user_id=user.id)
    held = {"project_id": queue.project_id, "slot_id": lease.slot_id, "token": lease.token, "user_id": user.id}
    skip(session, **held, reason="language")


def test_a_queue_counts_its_scorecards(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue = queue_of(4, overlap_share=0.5)
    label_one(session, queue, people[0], seconds=100)
    label_one(session, queue, people[0], seconds=300)
    skip_one(session, queue, people[1])
    claim(session, project_id=queue.project_id, queue_id=queue.id, user_id=people[2].id)
    seen = queues(session, queue.project_id)[0]
    assert (seen.calls, seen.answers, seen.done, seen.leased, seen.open, seen.skips) == (4, 6, 2, 1, 3, 1)
    assert (seen.median_s, seen.rubric_title, seen.closed_at) == (200, "Care", None)


def test_open_queues_come_first_then_the_newest(session: Session, queue_of: MakeQueue) -> None:
    first = queue_of(3)
    second, third = (make_queue(session, first.project_id, name=name) for name in ("second", "third"))
    close_queue(session, project_id=first.project_id, queue_id=third.id)
    assert [seen.id for seen in queues(session, first.project_id)] == [second.id, first.id, third.id]
    assert [seen.id for seen in queues(session, first.project_id, queue_id=first.id)] == [first.id]


def test_people_are_told_apart(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue = queue_of(4)
    for seconds in (90, 270):
        label_one(session, queue, people[1], seconds=seconds, heard_fraction=0.5)
    skip_one(session, queue, people[0])
    ben, ana = labelers(session, queue.project_id, queue_id=queue.id)
    assert (ben.name, ben.labels, ben.skips, ben.median_s, ben.heard, ben.pace) == ("Ben", 2, 0, 180, 0.5, 1.0)
    assert (ana.name, ana.labels, ana.skips, ana.median_s) == ("Ana", 0, 1, None)
    assert labelers(session, queue.project_id, user_id=people[2].id) == []


def test_an_undone_label_counts_nowhere(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue = queue_of(2)
    label_one(session, queue, people[0])
    undo(session, project_id=queue.project_id, queue_id=queue.id, user_id=people[0].id)
    assert own_labels(session, queue.project_id, people[0].id) == []
    assert labelers(session, queue.project_id) == []
    assert list(label_rows(session, project_id=queue.project_id, queue_id=queue.id)) == []


def test_own_labels_come_newest_first(session: Session, queue_of: MakeQueue, people: list[User]) -> None:
    queue = queue_of(2)
    for seconds in (10, 20):
        label_one(session, queue, people[0], seconds=seconds)
    label_one(session, make_queue(session, queue.project_id), people[1])
    assert [label.seconds for label in own_labels(session, queue.project_id, people[0].id)] == [20, 10]


def test_the_export_has_each_answer_with_its_probability(
    session: Session, queue_of: MakeQueue, people: list[User]
) -> None:
    queue = queue_of(2)
    label_one(session, queue, people[0], answers=FAILED)
    rows = list(label_rows(session, project_id=queue.project_id, queue_id=queue.id))
    assert {tuple(row) for row in rows} == {COLUMNS}
    assert [(row["criterion"], row["subject_id"], row["value"]) for row in rows] == [
        ("policy", "", False),
        ("policy", "t1", False),
        ("tone", "", 2),
    ]
    assert {(row["inclusion_prob"], row["stratum"], row["labeler"]) for row in rows} == {(1.0, "all", people[0].email)}


def test_the_csv_keeps_values_apart_and_formulas_harmless(
    session: Session, queue_of: MakeQueue, people: list[User]
) -> None:
    queue = queue_of(1)
    answers = PASSED | {"policy": {"choice": "pass", "comment": "=HYPERLINK(1)"}}
    label_one(session, queue, people[0], answers=answers)
    head, policy, tone = csv.reader(io.StringIO(labels_csv(session, project_id=queue.project_id, queue_id=queue.id)))
    assert tuple(head) == COLUMNS
    assert (policy[7], policy[9], tone[7]) == ("true", "'=HYPERLINK(1)", "2")
