"""What somebody held who was killed is free at once where nobody else can hold anything."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from evalhub.leases import free_all
from evalhub.models import InboxItem, Project
from evalhub.services import Services
from evalhub.traces import inbox, receive


def test_a_body_that_a_dead_worker_held_is_parsed_at_once(services: Services, project: Project) -> None:
    with services.work() as session:
        receive.receive_native(session, project.id, b'{"id": "call-1"}')
        later = datetime.now(UTC) + timedelta(hours=1)
        session.execute(update(InboxItem).values(lease_owner="gone", lease_until=later))
    assert inbox.parse_waiting(services) == 0
    with services.work() as session:
        free_all(session)
    assert inbox.parse_waiting(services) == 1
