"""Who makes something of stored rows rests while bodies wait to be stored, and only then."""

import pytest
from sqlalchemy import text

from evalhub.models import Project
from evalhub.services import Services
from evalhub.traces import giving_way

KEEP = text("""
insert into inbox (project_id, format, body, encoding, body_bytes, state, attempt)
select :project, 'otlp_traces', '', 'identity', 0, 'waiting', 0 from generate_series(1, :count)
""")


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every rest that was taken, in seconds; nobody waits for it. It is two seconds after the start."""
    taken: list[float] = []
    clock = iter([2.0] * 100)
    monkeypatch.setattr(
        giving_way, "time", type("Clock", (), {"monotonic": lambda: next(clock), "sleep": taken.append})
    )
    return taken


def work_beside(services: Services, project: Project, waiting: int) -> None:
    with services.work() as session:
        session.execute(KEEP, {"project": project.id, "count": waiting})
    giving_way.give_way(services, 0.0)


def test_work_is_followed_by_a_rest_as_long_beside_few_bodies_and_by_a_longer_one_beside_many(
    services: Services, project: Project, rests: list[float]
) -> None:
    work_beside(services, project, 0)
    assert rests == []
    work_beside(services, project, giving_way.BUSY - 1)
    work_beside(services, project, 1)
    assert rests == [2.0, min(giving_way.LONGEST_S, 2 * giving_way.REST)]
