"""Reading conversations: a page of the list, one whole, its scores and evaluations. A fixed number of queries each."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, selectinload

from evalhub.errors import BadInput, NotFound, Problem
from evalhub.evaluations.counted import once
from evalhub.models import AudioAnalysis, Conversation, Evaluation, InboxItem, Label, QueueItem, Recording, Score
from evalhub.traces.aliases import canonical
from evalhub.traces.filters import NONE, Filters, conditions

COUNT_CAP = 10_000
PAGE = 50
MAX_PAGE = 200
PARTS = (
    "turns",
    "tool_calls",
    "handoffs",
    "guardrail_trips",
    "stage_timings",
    "usage",
    "feedback",
    "recordings",
    "prompt",
)
COLUMNS = (
    Conversation.id,
    Conversation.started_at,
    Conversation.created_at,
    Conversation.duration_ms,
    Conversation.agent_name,
    Conversation.agent_version,
    Conversation.architecture,
    Conversation.channel,
    Conversation.state,
    Conversation.outcome,
    Conversation.tags,
)
SORTED_BY = func.coalesce(Conversation.started_at, Conversation.created_at)


@dataclass(frozen=True)
class Page:
    """A page of the list; `next` is the cursor of the page after it."""

    items: Sequence[Any]
    next: str | None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What the list shows of a call besides its own columns."""

    judged: int = 0
    """verdicts of any kind: without one, nothing failed because nothing was checked"""
    fails: int = 0
    worst: str | None = None
    """the explanation of a failing verdict, where there is one"""
    failed_metric: str | None = None
    """a metric that failed, to be named where nothing is explained"""
    labels: int = 0
    sha256: str | None = None
    """of a recording whose waveform can be drawn"""


def list_conversations(
    session: Session, project_id: int, filters: Filters, *, cursor: str | None = None, limit: int = PAGE
) -> Page:
    """Conversations, the newest first.

    Raises:
        BadInput: a cursor that this list never gave.
    """
    query = select(*COLUMNS).where(*conditions(project_id, filters))
    if cursor:
        query = query.where(tuple_(SORTED_BY, Conversation.id) < _read_cursor(cursor))
    ordered = query.order_by(SORTED_BY.desc(), Conversation.id.desc()).limit(limit + 1)
    rows = session.execute(ordered).all()
    more = len(rows) > limit
    return Page(rows[:limit], _cursor(rows[limit - 1]) if more else None)


def count(session: Session, project_id: int, filters: Filters) -> int:
    """How many match, counted no further than COUNT_CAP."""
    some = select(Conversation.id).where(*conditions(project_id, filters)).limit(COUNT_CAP).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def choices(session: Session, project_id: int) -> dict[str, list[str]]:
    """Agents and versions to filter by; NONE at the end, where there are calls without one."""
    pairs = select(Conversation.agent_name, Conversation.agent_version).filter_by(project_id=project_id).distinct()
    rows = session.execute(pairs).all()
    return {
        "agent": _in_order({row[0] or "" for row in rows}),
        "version": _in_order({row[1] or "" for row in rows}, reverse=True),
    }


def _in_order(names: set[str], *, reverse: bool = False) -> list[str]:
    return [*sorted(names - {""}, reverse=reverse), *([NONE] if "" in names else [])]


def summaries(session: Session, project_id: int, ids: Sequence[str]) -> dict[str, Summary]:
    """What the list shows besides, for all rows of a page at once."""
    of_page = (Score.project_id == project_id, Score.conversation_id.in_(ids), Score.verdict.is_not(None), once())
    failed, why = Score.verdict == "fail", func.min(Score.explanation)
    worst = func.coalesce(why.filter(failed, Score.subject_type == "conversation"), why.filter(failed))
    metric = func.min(Score.metric).filter(failed)
    told = {"judged": func.count(), "fails": func.count().filter(failed), "worst": worst, "failed_metric": metric}
    verdicts = select(Score.conversation_id, *told.values()).where(*of_page).group_by(Score.conversation_id)
    found: dict[str, dict[str, Any]] = {
        row[0]: dict(zip(told, row[1:], strict=True)) for row in session.execute(verdicts)
    }
    for call, labels in session.execute(_labels(project_id, ids)):
        found.setdefault(call, {})["labels"] = labels
    for call, sha256 in session.execute(_waveforms(project_id, ids)):
        found.setdefault(call, {})["sha256"] = sha256
    return {call: Summary(**facts) for call, facts in found.items()}


def _labels(project_id: int, ids: Sequence[str]) -> Any:
    item = (QueueItem.project_id == Label.project_id) & (QueueItem.id == Label.item_id)
    query = select(QueueItem.conversation_id, func.count()).join(Label, item)
    query = query.where(
        QueueItem.project_id == project_id, QueueItem.conversation_id.in_(ids), Label.superseded_at.is_(None)
    )
    return query.group_by(QueueItem.conversation_id)


def _waveforms(project_id: int, ids: Sequence[str]) -> Any:
    analysed = (AudioAnalysis.project_id == Recording.project_id) & (AudioAnalysis.sha256 == Recording.sha256)
    query = select(Recording.conversation_id, func.min(Recording.sha256)).join(AudioAnalysis, analysed)
    query = query.where(Recording.project_id == project_id, Recording.conversation_id.in_(ids))
    return query.where(AudioAnalysis.state == "ready").group_by(Recording.conversation_id)


def load_conversation(session: Session, project_id: int, conversation_id: str, *, spans: bool = True) -> Conversation:
    """A conversation with all its parts, by its id or another of its names; without `spans` it stays quick.

    Raises:
        NotFound: there is none in this project.
    """
    parts = (*PARTS, "spans") if spans else PARTS
    query = select(Conversation).options(*(selectinload(getattr(Conversation, part)) for part in parts))
    name = canonical(session, project_id, conversation_id)
    found = session.scalars(query.filter_by(project_id=project_id, id=name)).one_or_none()
    if found is None:
        raise NotFound(f"There is no conversation {conversation_id!r} in this project.")
    return found


def exists(session: Session, project_id: int, conversation_id: str) -> bool:
    """Whether there is such a conversation in this project."""
    query = select(Conversation.id).filter_by(project_id=project_id, id=conversation_id)
    return session.scalar(query) is not None


def check_exists(session: Session, project_id: int, conversation_id: str) -> None:
    """Tell a conversation of which nothing is known yet from one that is not there.

    Raises:
        NotFound: there is none in this project.
    """
    if not exists(session, project_id, conversation_id):
        raise NotFound(f"There is no conversation {conversation_id!r} in this project.")


def state_of(session: Session, project_id: int, conversation_id: str) -> str | None:
    """The state of a conversation: open, received, ended.

    Raises:
        NotFound: there is none in this project.
    """
    check_exists(session, project_id, conversation_id)
    query = select(Conversation.state).filter_by(project_id=project_id, id=conversation_id)
    return session.scalars(query).one()


def bodies_of(session: Session, project_id: int, conversation_id: str, limit: int = 200) -> Sequence[Any]:
    """What was received of a conversation, newest first, without the bodies themselves."""
    columns = (InboxItem.id, InboxItem.received_at, InboxItem.format, InboxItem.state, InboxItem.reason)
    ours = (InboxItem.conversation_id == conversation_id) | InboxItem.conversation_ids.contains([conversation_id])
    query = select(*columns, InboxItem.body_bytes).where(InboxItem.project_id == project_id, ours)
    return session.execute(query.order_by(InboxItem.id.desc()).limit(limit)).all()


def body_of(session: Session, project_id: int, item_id: int) -> InboxItem:
    """One received body.

    Raises:
        NotFound: there is none with this number in this project, or it is older than bodies are kept.
    """
    item = session.scalars(select(InboxItem).filter_by(project_id=project_id, id=item_id)).one_or_none()
    if item is None:
        raise NotFound("There is no such body. They are kept for a number of days only.")
    return item


def scores_of(session: Session, project_id: int, conversation_id: str) -> Sequence[Score]:
    """Every score of a conversation, by evaluator and metric; what the same judge answered twice, once."""
    query = select(Score).filter_by(project_id=project_id, conversation_id=conversation_id).where(once())
    return session.scalars(query.order_by(Score.evaluator, Score.metric, Score.subject_type, Score.subject_id)).all()


def evaluations_of(session: Session, project_id: int, conversation_id: str) -> Sequence[Evaluation]:
    """Every evaluation of a conversation, by evaluator."""
    query = select(Evaluation).filter_by(project_id=project_id, conversation_id=conversation_id)
    return session.scalars(query.order_by(Evaluation.evaluator, Evaluation.version)).all()


def analyses_of(session: Session, project_id: int, recordings: Sequence[Recording]) -> dict[str, AudioAnalysis]:
    """What was measured once from these recordings, by sha256."""
    hashes = [recording.sha256 for recording in recordings if recording.sha256]
    query = select(AudioAnalysis).where(AudioAnalysis.project_id == project_id, AudioAnalysis.sha256.in_(hashes))
    return {analysis.sha256: analysis for analysis in session.scalars(query)}


def _cursor(row: Any) -> str:
    moment = row.started_at or row.created_at
    return base64.urlsafe_b64encode(orjson.dumps([moment.isoformat(), row.id])).decode()


def _read_cursor(text: str) -> Any:
    try:
        moment, conversation_id = orjson.loads(base64.urlsafe_b64decode(text))
        return tuple_(datetime.fromisoformat(moment), str(conversation_id))
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadInput(
            "This cursor was not given by this list.", [Problem("cursor", "the `next` of a page", text)]
        ) from error


def tiny_waveforms(
    session: Session, project_id: int, hashes: Sequence[str], columns: int
) -> dict[str, list[list[int]]]:
    """A few columns of loudness per channel, 0 to 255, for each of these recordings."""
    peaks = select(AudioAnalysis.sha256, AudioAnalysis.channel_count, AudioAnalysis.peaks)
    ours = peaks.where(AudioAnalysis.project_id == project_id, AudioAnalysis.sha256.in_(hashes))
    rows = session.execute(ours.where(AudioAnalysis.peaks.is_not(None)))
    return {sha256: _columns(data or b"", count or 1, columns) for sha256, count, data in rows}


def _columns(peaks: bytes, channels: int, columns: int) -> list[list[int]]:
    each = len(peaks) // channels
    step = max(1, each // columns)
    lanes = [peaks[start : start + each] for start in range(0, each * channels, each or 1)]
    return [[max(lane[at : at + step]) for at in range(0, len(lane), step)][:columns] for lane in lanes]
