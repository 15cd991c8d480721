"""Bodies that cannot be read or stored after all: each is alone in it."""

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from evalhub.models import InboxItem, Project, Turn
from evalhub.services import Services
from evalhub.traces import receive
from evalhub.traces.formats import Parsed, native
from evalhub.traces.inbox import parse_waiting

TOO_LATE = 2**70
"""ms: more than the column holds"""
real_parse = native.parse


def parse(body: bytes, conversation_id: str | None) -> Parsed:
    """A format with two faults."""
    parsed = real_parse(body, conversation_id)
    for turn in parsed.conversations[0].turns:
        if turn.id == "read":
            raise KeyError("a mistake in the format")
        turn.start_ms = TOO_LATE if turn.id == "store" else turn.start_ms
    return parsed


def send(services: Services, project: Project, *parts: tuple[str, str]) -> None:
    with services.work() as session:
        for call, turn in parts:
            body = {"id": call, "turns": [{"id": turn, "speaker": "agent", "text": turn}]}
            receive.receive_native(session, project.id, json.dumps(body).encode())


@pytest.mark.parametrize(("fault", "state"), [("read", "rejected"), ("store", "waiting")])
def test_a_body_with_a_fault_takes_no_other_along(
    fault: str,
    state: str,
    services: Services,
    session: Session,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(native, "parse", parse)
    send(services, project, ("call-1", "before"), ("call-1", fault), ("call-1", "after"), ("call-2", "other"))
    parse_waiting(services)
    assert set(session.scalars(select(Turn.id))) == {"before", "after", "other"}
    states = session.execute(select(InboxItem.state, InboxItem.reason).order_by(InboxItem.id)).all()
    assert [row.state for row in states] == ["parsed", state, "parsed", "parsed"]
    assert state == "waiting" or "KeyError" in states[1].reason
