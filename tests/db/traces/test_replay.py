"""Bodies read again: a better mapping mends what was stored, the same one changes nothing; old days go."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from evalhub.models import Conversation, Evaluation, InboxItem, Project, Turn
from evalhub.models.inbox import PARSED, WAITING
from evalhub.services import Services
from evalhub.sweep import drop_old_days
from evalhub.traces import dialects, receive
from evalhub.traces.formats import Parsed
from evalhub.traces.inbox import parse_waiting
from evalhub.traces.replay import replay
from evalhub.traces.spans import TracedCall
from tests.db.traces.sending import keyed, send, settle, span

NATIVE = b'{"id": "call-9", "ended_at": "2026-11-01T10:00:00Z", "turns": [{"speaker": "agent", "text": "Hello"}]}'


def run_again(services: Services, **chosen: object) -> int:
    with services.work() as session:
        count = replay(session, **chosen)
    parse_waiting(services)
    settle(services)
    return count


def test_a_better_mapping_mends_what_was_stored(
    services: Services, session: Session, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(services, project, span(0, **keyed("call-1")))
    assert session.scalars(select(Turn.text)).all() == []

    def read(call: TracedCall) -> Parsed:
        turns = [Turn(id="t1", speaker="agent", text="understood now")]
        return Parsed(conversations=[Conversation(id=call.id, turns=turns)])

    monkeypatch.setattr(dialects, "read", read)
    assert run_again(services, conversation_id="call-1") == 1
    assert session.scalars(select(Turn.text)).all() == ["understood now"]


def test_the_same_mapping_changes_nothing(services: Services, session: Session, project: Project) -> None:
    with services.work() as own:
        receive.receive_native(own, project.id, NATIVE)
    parse_waiting(services)
    before = session.execute(select(Evaluation.evaluator, Evaluation.content_hash).order_by(Evaluation.evaluator)).all()
    assert run_again(services) == 1
    session.expire_all()
    query = select(Evaluation.evaluator, Evaluation.content_hash).order_by(Evaluation.evaluator)
    assert session.execute(query).all() == before
    assert session.scalar(select(func.count()).select_from(Turn)) == 1


def test_only_what_was_asked_for_is_read_again(services: Services, session: Session, project: Project) -> None:
    send(services, project, span(0, **keyed("call-1")))
    with services.work() as own:
        receive.receive_native(own, project.id, NATIVE)
    parse_waiting(services)
    with services.work() as own:
        assert replay(own, conversation_id="call-9") == 1
        assert replay(own, only_rejected=True) == 0
        assert replay(own, since=datetime.now(UTC) + timedelta(hours=1)) == 0
    assert sorted(session.scalars(select(InboxItem.state))) == [PARSED, WAITING]


@pytest.mark.parametrize(("state", "left"), [(PARSED, 0), (WAITING, 1)])
def test_old_days_of_the_inbox_go_unless_something_waits_there(
    services: Services, session: Session, project: Project, state: str, left: int
) -> None:
    session.execute(
        text("create table inbox_20200101 partition of inbox for values from ('2020-01-01') to ('2020-01-02')")
    )
    row = InboxItem(project_id=project.id, format="native", body=b"", body_bytes=0, state=state)
    row.received_at = datetime(2020, 1, 1, 12, tzinfo=UTC)
    session.add(row)
    session.flush()
    drop_old_days(session, keep=30)
    assert session.scalar(select(func.count()).select_from(InboxItem)) == left
