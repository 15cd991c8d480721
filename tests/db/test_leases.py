"""What somebody held who was killed is free at once where nobody else can hold anything."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from evalhub.leases import free_all, free_of_queue
from evalhub.models import Assembly, InboxItem, Project
from evalhub.services import Services
from evalhub.traces import inbox, receive
from evalhub.traces.assembling import mark_due


def test_a_body_that_a_dead_worker_held_is_parsed_at_once(services: Services, project: Project) -> None:
    with services.work() as session:
        receive.receive_native(session, project.id, b'{"id": "call-1"}')
        later = datetime.now(UTC) + timedelta(hours=1)
        session.execute(update(InboxItem).values(lease_owner="gone", lease_until=later))
    assert inbox.parse_waiting(services) == 0
    with services.work() as session:
        free_all(session)
    assert inbox.parse_waiting(services) == 1


def test_a_worker_that_follows_another_takes_up_what_its_queue_held(services: Services, project: Project) -> None:
    """The inbox and the calls to be read, each for the worker of its queue; what another queue holds stays held."""
    with services.work() as session:
        receive.receive_native(session, project.id, b'{"id": "call-1"}')
        mark_due(session, project.id, ["call-1"])
    for queue, freed, kept in (("text", Assembly, InboxItem), ("ingest", InboxItem, Assembly)):
        with services.work() as session:
            later = datetime.now(UTC) + timedelta(hours=1)
            for table in (InboxItem, Assembly):
                session.execute(update(table).values(lease_owner="gone", lease_until=later))
            free_of_queue(session, queue)
            held = [session.scalar(select(table.lease_until > func.now())) for table in (freed, kept)]
        assert held == [False, True], queue
