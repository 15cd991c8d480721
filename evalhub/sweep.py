"""The sweep: every few seconds it looks at the rows, which are the truth, and rings for whatever got lost.

A lost broker, a killed worker, a ring that came before its row was visible: none of it matters for longer than this.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import and_, delete, exists, func, select, text, update
from sqlalchemy.orm import Session

from evalhub.db import ask_for
from evalhub.evaluations.planning import AGAIN, BY_THE_BATCH, ask, is_due
from evalhub.models import (
    BLOCKED,
    AudioAnalysis,
    Conversation,
    DoomedAudio,
    Evaluation,
    InboxItem,
    Project,
    Recording,
    SignInLink,
)
from evalhub.models.inbox import WAITING
from evalhub.services import Services
from evalhub.traces.assembling import find_unread
from evalhub.traces.lifecycle import end_quiet
from evalhub.traces.recordings.links import find_unfetched

LOST_AFTER = timedelta(seconds=3)
AT_ONCE = 500
DAYS_AHEAD = 3
YOUNG_ROWS = 50_000


def sweep(services: Services) -> None:
    """One round. Safe to run at any time, from any number of processes."""
    steps: list[Callable[[Session], object]] = [prepare_days, find_unparsed, find_unmeasured, stop_waiting]
    steps += [find_unread, find_due, find_doomed, find_unfetched, tidy, end_quiet, look_at_young_tables]
    steps.append(partial(drop_old_days, keep=services.settings.inbox_days))
    if services.settings.judge_model:
        steps.append(partial(reconnect, reason_code="judge_not_connected"))
    if services.settings.listening_model:
        steps.append(partial(reconnect, reason_code="listener_not_connected"))
    for step in steps:
        with services.work() as session:
            step(session)


def find_unparsed(session: Session) -> None:
    """Bodies that wait although nobody holds them."""
    free = InboxItem.lease_until.is_(None) | (InboxItem.lease_until < func.now())
    lost = (InboxItem.state == WAITING, free, InboxItem.received_at < func.now() - LOST_AFTER)
    if session.scalar(select(exists().where(*lost, InboxItem.conversation_id.is_not(None)))):
        ask_for(session, "parse_inbox")
    if session.scalar(select(exists().where(*lost, InboxItem.conversation_id.is_(None)))):
        ask_for(session, "ingest_spans")


def find_unmeasured(session: Session) -> None:
    """Recordings that nobody has read yet."""
    same = and_(AudioAnalysis.project_id == Recording.project_id, AudioAnalysis.sha256 == Recording.sha256)
    unread = select(Recording.project_id, Recording.sha256).where(
        Recording.sha256.is_not(None), Recording.received_at < func.now() - LOST_AFTER, ~exists().where(same)
    )
    for project_id, sha256 in session.execute(unread.distinct().limit(AT_ONCE)):
        ask_for(session, "analyse_recording", project_id=project_id, sha256=sha256)


def find_due(session: Session) -> None:
    """Evaluations that are due although nobody holds them. One ring for all that are worked off by the batch."""
    key = (Evaluation.project_id, Evaluation.conversation_id, Evaluation.kind_of_work)
    is_lost = (is_due(), Evaluation.created_at < func.now() - LOST_AFTER)
    for kind_of_work, job in BY_THE_BATCH.items():
        if session.scalar(select(exists().where(*is_lost, Evaluation.kind_of_work == kind_of_work))):
            ask_for(session, job)
    lost = select(*key).where(*is_lost, Evaluation.kind_of_work.not_in(BY_THE_BATCH)).distinct().limit(AT_ONCE)
    for project_id, conversation_id, kind_of_work in session.execute(lost):
        ask(session, project_id, conversation_id, kind_of_work)


def reconnect(session: Session, *, reason_code: str) -> None:
    """Once a model is connected, what was blocked for want of it may run."""
    _again(session, Evaluation.reason_code == reason_code)


def stop_waiting(session: Session) -> None:
    """A declared recording that did not come within the quiet period is not waited for any longer."""
    patience = func.make_interval(0, 0, 0, 0, 0, 0, Project.quiet_period_s)
    given_up = select(Conversation.id).join(Project, Project.id == Conversation.project_id)
    given_up = given_up.where(
        Conversation.project_id == Evaluation.project_id,
        Conversation.id == Evaluation.conversation_id,
        Conversation.touched_at < func.now() - patience,
    )
    _again(session, (Evaluation.reason_code == "waiting_for_recording") & given_up.exists())


def _again(session: Session, condition: Any) -> None:
    session.execute(update(Evaluation).where(Evaluation.status == BLOCKED, condition).values(AGAIN))


def prepare_days(session: Session) -> None:
    """Partitions of the inbox for today and the days ahead, so that a day can be dropped at once later."""
    today = datetime.now(UTC).date()
    present = _partitions(session)
    for ahead in range(DAYS_AHEAD + 1):
        day = today + timedelta(days=ahead)
        if f"inbox_{day:%Y%m%d}" not in present and not _lies_in_default(session, day):
            session.execute(text(_partition(day)))


def drop_old_days(session: Session, *, keep: int) -> None:
    """Whole days of the inbox that are older than that go at once, unless a body of theirs still waits."""
    oldest = datetime.now(UTC).date() - timedelta(days=keep)
    for name in _partitions(session):
        day = name.removeprefix("inbox_")
        if day.isdecimal() and day < f"{oldest:%Y%m%d}":
            waits = text(f"select exists (select 1 from {name} where state = 'waiting')")  # noqa: S608  from the catalogue
            if not session.scalar(waits):
                session.execute(text(f"drop table {name}"))


def _partitions(session: Session) -> set[str]:
    named = text("select inhrelid::regclass::text from pg_inherits where inhparent = 'inbox'::regclass")
    return set(session.scalars(named))


def _lies_in_default(session: Session, day: date) -> bool:
    held = text("select exists (select 1 from inbox_default where received_at >= :day and received_at < :next)")
    return bool(session.scalar(held, {"day": day, "next": day + timedelta(days=1)}))


def _partition(day: date) -> str:
    bounds = f"from ('{day} 00:00:00+00') to ('{day + timedelta(days=1)} 00:00:00+00')"
    return f"create table if not exists inbox_{day:%Y%m%d} partition of inbox for values {bounds}"


def look_at_young_tables(session: Session) -> None:
    """Tables that grew by half are looked at before autovacuum comes by, which is once a minute.

    Plans made for the empty tables of a new installation would be kept until then: references were checked by reading
    all calls of the project for each row.
    """
    grown = text("""
    select quote_ident(relname) from pg_stat_user_tables
    where schemaname = current_schema() and n_live_tup < :young and n_mod_since_analyze > 50 + n_live_tup / 2""")
    for name in session.scalars(grown, {"young": YOUNG_ROWS}).all():
        session.execute(text(f"analyze (skip_locked) {name}"))


def find_doomed(session: Session) -> None:
    """Sound whose deletion was asked for and not done yet."""
    if session.scalar(select(exists().where(DoomedAudio.since < func.now() - LOST_AFTER))):
        ask_for(session, "forget_audio")


def tidy(session: Session) -> None:
    """Links that can no longer be used."""
    session.execute(delete(SignInLink).where(SignInLink.expires_at < func.now() - timedelta(days=7)))
