"""Spans from the inbox to calls: once however often they come, in any order, whatever goes wrong with one of them."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from evalhub.models import (
    Assembly,
    Conversation,
    ConversationAlias,
    Deletion,
    Feedback,
    InboxItem,
    Project,
    Span,
    SpanLog,
    Turn,
)
from evalhub.services import Services
from evalhub.traces import assembling, dialects, joining, span_inbox
from evalhub.traces.aliases import canonical
from evalhub.traces.deletion import delete_conversation
from evalhub.traces.formats import Parsed, otlp
from evalhub.traces.inbox import parse_waiting
from evalhub.traces.receive import receive_native
from evalhub.traces.span_rows import rows_of
from evalhub.traces.span_store import store_spans
from evalhub.traces.spans import TracedCall
from tests.db.traces.sending import OTHER, START, TRACE, body, keep, keyed, send, settle, span
from tests.stack.embedded import eventually


def calls(session: Session, project: Project) -> list[str]:
    query = select(Conversation.id).filter_by(project_id=project.id).order_by(Conversation.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def count(session: Session, table: Any) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_what_is_sent_again_changes_nothing(services: Services, session: Session, project: Project) -> None:
    for _ in range(3):
        send(services, project, span(0, **keyed("call-1")), span(1))
    assert calls(session, project) == ["call-1"]
    assert (count(session, Span), count(session, Assembly)) == (2, 0)


def test_spans_of_traces_and_of_native_bodies_come_again_over_one_connection(
    services: Services, session: Session, project: Project
) -> None:
    """They fill different columns of one table, by one table of the connection for what comes again."""
    step = {"id": "s1", "name": "step", "kind": "other", "start_ms": 0, "end_ms": 5}
    native = json.dumps({"id": "call-2", "spans": [step]}).encode()
    for _ in range(2):
        send(services, project, span(0, **keyed("call-1")))
        with services.work() as own:
            receive_native(own, project.id, native)
        parse_waiting(services)
    assert calls(session, project) == ["call-1", "call-2"]
    assert count(session, Span) == 2
    assert set(session.scalars(select(InboxItem.state))) == {"parsed"}


def test_what_is_sent_again_after_midnight_changes_nothing(
    services: Services, session: Session, project: Project
) -> None:
    """The first body lies in another partition of the inbox by then."""
    sent = body(span(0, **keyed("call-1")), span(1))
    keep(services, project, sent)
    settle(services)
    with services.work() as own:
        own.execute(
            text("create table inbox_20200101 partition of inbox for values from ('2020-01-01') to ('2020-01-02')")
        )
        own.execute(text("update inbox set received_at = '2020-01-01 23:59:59+00'"))
    keep(services, project, sent)
    settle(services)
    assert calls(session, project) == ["call-1"]
    assert (count(session, InboxItem), count(session, Span), count(session, Assembly)) == (2, 2, 0)


def test_a_later_value_wins_and_a_missing_one_erases_nothing(
    services: Services, session: Session, project: Project
) -> None:
    send(services, project, span(0, model="a", voice="v"))
    later = span(0, model="b") | {"name": "", "endTimeUnixNano": "0"}
    send(services, project, later)
    [stored] = session.scalars(select(Span))
    assert (stored.name, stored.end_ns, stored.attributes) == ("step 0", START + 10**9, {"model": "b", "voice": "v"})


def test_the_same_span_twice_in_one_batch(services: Services, session: Session, project: Project) -> None:
    keep(services, project, body(span(0, model="a", voice="v"), span(0, model="b")))
    keep(services, project, body(span(0, tone="t")))
    settle(services)
    assert session.scalars(select(Span.attributes)).one() == {"model": "b", "voice": "v", "tone": "t"}


def test_children_before_their_root_with_its_key(services: Services, session: Session, project: Project) -> None:
    send(services, project, span(1))
    assert calls(session, project) == [TRACE]
    send(services, project, span(0, **keyed("call-1")))
    assert calls(session, project) == ["call-1"]
    assert session.scalars(select(Span.conversation_id)).all() == ["call-1", "call-1"]
    assert canonical(session, project.id, TRACE) == "call-1"


def test_two_traces_with_one_key_are_one_call(services: Services, session: Session, project: Project) -> None:
    send(services, project, span(0, **keyed("call-1")))
    send(services, project, span(0, trace=OTHER, **keyed("call-1")))
    assert calls(session, project) == ["call-1"]
    assert count(session, ConversationAlias) == 2


def test_a_call_with_a_trace_of_its_own_is_not_hidden_behind_an_alias(
    services: Services, session: Session, project: Project
) -> None:
    """Two traces of a session, of which the later one names its call too."""
    send(services, project, span(0, **{"session.id": "session-1"}))
    send(services, project, span(0, OTHER, **{"session.id": "session-1"}, **keyed("call-1")))
    assert calls(session, project) == ["call-1", "session-1"]
    assert canonical(session, project.id, "session-1") == "session-1"
    assert canonical(session, project.id, OTHER) == "call-1"


def test_what_people_said_goes_along_with_a_renamed_call(
    services: Services, session: Session, project: Project
) -> None:
    send(services, project, span(1))
    session.add(Feedback(project_id=project.id, conversation_id=TRACE, id="f", name="csat", value=1.0))
    session.commit()
    send(services, project, span(0, **keyed("call-1")))
    assert session.scalars(select(Feedback.conversation_id)).all() == ["call-1"]


def test_two_projects_may_use_the_same_ids(services: Services, session: Session, project: Project) -> None:
    other = Project(slug="other", name="Other")
    session.add(other)
    session.commit()
    for owner in (project, other):
        send(services, owner, span(0, **keyed("call-1")))
    assert calls(session, project) == calls(session, other) == ["call-1"]
    assert count(session, Span) == 2


def test_a_deleted_call_stays_deleted(services: Services, session: Session, project: Project) -> None:
    send(services, project, span(0, **keyed("call-1")))
    delete_conversation(session, project.id, "call-1", by="a test")
    session.commit()
    send(services, project, span(1))
    send(services, project, span(0, **keyed("call-1")))
    assert calls(session, project) == []
    assert session.get(Deletion, (project.id, "call-1"))


def test_a_body_that_is_none_is_refused_alone(services: Services, session: Session, project: Project) -> None:
    keep(services, project, b"{not json")
    keep(services, project, body(span(0)))
    settle(services)
    states = session.execute(select(InboxItem.state, InboxItem.reason).order_by(InboxItem.id)).all()
    assert [state for state, _ in states] == ["rejected", "parsed"]
    assert states[0].reason
    assert calls(session, project) == [TRACE]


def test_the_inbox_says_which_calls_were_in_a_body(services: Services, session: Session, project: Project) -> None:
    send(services, project, span(0, **keyed("call-1")), span(0, trace=OTHER))
    assert session.scalars(select(InboxItem.conversation_ids)).one() == [OTHER, "call-1"]


def test_log_records_come_before_their_spans(services: Services, session: Session, project: Project) -> None:
    record = {"traceId": TRACE, "spanId": f"{1:016x}", "body": {"stringValue": "hello"}}
    logs = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record, record]}]}]}).encode()
    for _ in range(2):
        keep(services, project, logs, otlp.LOGS)
        settle(services)
    send(services, project, span(0, **keyed("call-1")))
    assert session.execute(select(SpanLog.conversation_id, SpanLog.body)).all() == [("call-1", "hello")]


def test_a_dialect_that_stumbles_leaves_the_tree_and_says_so(
    services: Services, session: Session, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(call: TracedCall) -> Parsed:
        raise KeyError(call.id)

    monkeypatch.setattr(dialects, "read", stumble)
    send(services, project, span(0))
    stored = session.scalars(select(Conversation)).one()
    assert "could not be read" in (stored.warnings or [])[0]["message"]
    assert count(session, Span) == 1


def test_what_a_better_reading_lacks_is_taken_back(
    services: Services, session: Session, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(call: TracedCall) -> Parsed:
        turns = [Turn(id=f"t{len(call.spans)}", speaker="agent", position=0)]
        return Parsed(conversations=[Conversation(id=call.id, turns=turns)])

    monkeypatch.setattr(dialects, "read", read)
    send(services, project, span(0))
    send(services, project, span(1))
    assert session.scalars(select(Turn.id)).all() == ["t2"]


def test_a_reader_that_died_is_followed_by_another(services: Services, session: Session, project: Project) -> None:
    keep(services, project, body(span(0)))
    span_inbox.ingest_waiting(services)
    session.execute(text("update assembly set due_at = now(), lease_owner = 'gone', lease_until = now()"))
    session.commit()
    assert assembling.assemble_due(services) == 1
    assert count(session, Assembly) == 0


def test_a_call_being_written_to_is_not_read_at_each_batch(
    services: Services, session: Session, project: Project
) -> None:
    keep(services, project, body(span(1)))
    span_inbox.ingest_waiting(services)
    assert assembling.assemble_due(services) == 0
    keep(services, project, body(span(0)))
    span_inbox.ingest_waiting(services)
    assert assembling.assemble_due(services) == 1


def test_a_weaker_name_that_is_no_longer_sent_leaves_no_empty_call(
    services: Services, session: Session, project: Project
) -> None:
    send(services, project, span(1, **{"session.id": "s-1"}))
    send(services, project, span(0, **keyed("call-1")))
    assert calls(session, project) == ["call-1"]
    assert canonical(session, project.id, "s-1") == "call-1"


def test_a_call_that_loses_a_trace_is_read_again_and_keeps_its_name(
    services: Services, session: Session, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(call: TracedCall) -> Parsed:
        turns = [Turn(id=one.trace_id, speaker="agent") for one in call.spans]
        return Parsed(conversations=[Conversation(id=call.id, turns=turns)])

    monkeypatch.setattr(dialects, "read", read)
    send(services, project, span(1, **{"session.id": "s-1"}), span(1, trace=OTHER, **{"session.id": "s-1"}))
    send(services, project, span(1, **keyed("call-1")))
    turns = session.execute(select(Turn.conversation_id, Turn.id).order_by(Turn.conversation_id)).all()
    assert turns == [("call-1", TRACE), ("s-1", OTHER)]
    assert canonical(session, project.id, "s-1") == "s-1"


def test_a_call_that_cannot_be_stored_takes_no_other_along(
    services: Services, session: Session, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(call: TracedCall) -> Parsed:
        speaker: Any = None if call.id == "bad" else "agent"  # what no column takes
        return Parsed(conversations=[Conversation(id=call.id, turns=[Turn(id="t1", speaker=speaker)])])

    monkeypatch.setattr(dialects, "read", read)
    send(services, project, span(0, **keyed("bad")), span(0, trace=OTHER, **keyed("good")))
    assert session.scalars(select(Turn.conversation_id)).all() == ["good"]
    assert session.scalars(select(Assembly.conversation_id)).all() == ["bad"]


def test_a_trace_that_moves_takes_along_what_is_just_being_stored(
    services: Services, session: Session, project: Project
) -> None:
    send(services, project, span(0))
    late = rows_of(otlp.decode_traces(body(span(1)), json=True).spans)
    keep(services, project, body(span(2, **keyed("better"))))
    waits = text("select exists (select 1 from pg_locks where not granted)")
    with ThreadPoolExecutor(1) as other:
        with services.work() as storing:
            calls_now = joining.calls_of(storing, project.id, [TRACE])
            moving = other.submit(span_inbox.ingest_waiting, services)
            eventually(lambda: moving.done() or session.scalar(waits))
            store_spans(storing, project.id, [late], calls_now)
        moving.result()
    assert set(session.scalars(select(Span.conversation_id))) == {"better"}
    assert count(session, Span) == 3


def test_bodies_that_waited_in_vain_for_their_turn_are_taken_again(
    services: Services, session: Session, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(services, project, body(span(0)))
    tried: list[bool] = []

    def hurry(own: Session, project_id: int) -> None:
        own.execute(text("set local lock_timeout = '10ms'"))
        tried.append(True)
        if len(tried) == 1:
            own.execute(text("select pg_advisory_xact_lock(1, 1)"))  # somebody else holds it

    monkeypatch.setattr(joining, "_take_turns", hurry)
    with services.sessions() as other:
        other.execute(text("select pg_advisory_xact_lock(1, 1)"))
        span_inbox.ingest_waiting(services)
    assert session.scalars(select(InboxItem.attempt)).one() == 1
    assert count(session, Span) == 1


CROWD = text("""
with calls as (
  insert into conversation (project_id, id, state)
  select :project, 'other-' || number, 'ended' from generate_series(1, 2000) as number
  returning id),
traces as (
  insert into trace (project_id, trace_id, conversation_id, rank) select :project, id, id, 9 from calls)
insert into inbox (project_id, format, body, encoding, body_bytes, state, attempt)
select :project, 'otlp_traces', '', 'identity', 0, 'parsed', 1 from calls
""")
LOOKED_AT = text("select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'trace' or relname ~ '^inbox'")


def entries_read(services: Services) -> int:
    """Index entries of traces and bodies that the connections which store have read until now."""
    with services.work(repeatable=True) as session:
        session.execute(text("select pg_stat_force_next_flush()"))
    with services.work(repeatable=True) as session:
        return int(session.scalar(LOOKED_AT) or 0)


def test_storing_reads_no_more_of_a_project_the_more_there_is(services: Services, project: Project) -> None:
    """Also by plans that were made while tables were all but empty."""
    for number in range(1, 12):
        send(services, project, span(number))
    before = entries_read(services)
    send(services, project, span(12))
    alone = entries_read(services) - before
    with services.work() as session:
        session.execute(CROWD, {"project": project.id})
    before = entries_read(services)
    send(services, project, span(13))
    assert entries_read(services) - before <= 2 * alone + 50
