"""A rush of bodies is taken in first; what waits a second is read whatever else comes."""

from sqlalchemy import text

from evalhub.models import Project
from evalhub.services import Services
from evalhub.traces import rush

KEEP = text("""
insert into inbox (project_id, format, body, encoding, body_bytes, state, attempt, received_at)
select :project, 'otlp_traces', '', 'identity', 0, :state, 0, now() - make_interval(secs => :ago)
from generate_series(1, :count)
""")


def is_rush(services: Services, project: Project, *kept: tuple[int, float, str]) -> bool:
    """Of bodies in the inbox: how many, seconds ago, in which state. Nothing of it stays."""
    with services.sessions() as session:
        for count, ago, state in kept:
            session.execute(KEEP, {"project": project.id, "count": count, "ago": ago, "state": state})
        return rush.is_rush(session)


def test_many_bodies_at_a_time_are_a_rush_until_the_first_has_waited_a_second(
    services: Services, project: Project
) -> None:
    many = rush.MANY
    assert not is_rush(services, project)
    assert is_rush(services, project, (many, 0.0, "waiting"))
    assert is_rush(services, project, (9, 0.9, "waiting"), (many, 0.0, "waiting"))
    assert not is_rush(services, project, (1, 1.1, "waiting"), (many, 0.0, "waiting"))
    assert not is_rush(services, project, (many - 1, 0.0, "waiting"))
    assert not is_rush(services, project, (many, 0.3, "waiting"))
    assert not is_rush(services, project, (many, 0.0, "parsed"))


def test_a_rush_is_read_once_it_is_over(services: Services, project: Project) -> None:
    with services.work() as session:
        session.execute(KEEP, {"project": project.id, "count": rush.MANY, "ago": 0.0, "state": "waiting"})
    rush.let_in(services)
    with services.sessions() as session:
        assert not rush.is_rush(session)
