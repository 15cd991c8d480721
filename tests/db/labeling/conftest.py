"""A project ready for labeling: calls, a scorecard, people. Committed, so that many sessions can work on it."""

from collections.abc import Callable

import pytest

from evalhub.models import Project, Queue, User
from evalhub.services import Services
from tests.db.labeling.making import add_calls, add_rubric, make_queue, make_user

MakeQueue = Callable[..., Queue]


@pytest.fixture
def people(services: Services) -> list[User]:
    """Ana, Ben and Cho, who label."""
    with services.work() as session:
        made = [make_user(name=name) for name in ("Ana", "Ben", "Cho")]
        session.add_all(made)
    return made


@pytest.fixture
def queue_of(services: Services, project: Project) -> MakeQueue:
    """Makes a queue over so many new calls."""

    def make(calls: int = 3, **overrides: object) -> Queue:
        with services.work() as session:
            add_rubric(session, project.id)
            add_calls(session, project.id, calls)
            return make_queue(session, project.id, calls=calls, **overrides)

    return make
