"""Calls found again by what people said of them."""

import pytest
from sqlalchemy.orm import Session

from evalhub.traces import filters
from evalhub.traces.filters import Filters
from tests.db.labeling.making import FAILED, PASSED, submit_lease
from tests.db.labeling.test_labels import MakeQueue, User, take


def found(session: Session, project_id: int, **args: str) -> int:
    return len(session.scalars(filters.ids(project_id, Filters.from_args({"by": "people"} | args))).all())


@pytest.mark.parametrize(
    ("args", "count"),
    [
        ({"metric": "criterion.policy"}, 2),
        ({"metric": "criterion.policy", "verdict": "fail"}, 1),
        ({"metric": "criterion.policy", "verdict": "pass"}, 1),
        ({"metric": "criterion.tone", "verdict": "pass"}, 0),
        ({"verdict": "fail"}, 1),
        ({}, 2),
    ],
)
def test_calls_that_people_answered_so(
    session: Session, queue_of: MakeQueue, people: list[User], args: dict[str, str], count: int
) -> None:
    queue = queue_of(3)
    for answers in (PASSED, FAILED):
        lease = take(session, queue, people[0])
        submit_lease(session, queue.project_id, lease, people[0], answers=answers)
    assert found(session, queue.project_id, **args) == count
