"""What the home page says: how far a project is on its way, and how its week was."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evalhub.evaluations.counted import once
from evalhub.models import Conversation, Evaluation, Label, Recording, Score, ToolCall, Turn, Usage

STANDS_OUT = 5
FRESH = timedelta(minutes=1)
WHOSE = {"stereo": ["caller", "agent"]}


@dataclass(frozen=True, kw_only=True)
class Observed:
    """The newest call, and what arrived of it."""

    conversation_id: str
    at: datetime
    turns: int
    tools: int
    sides: list[str]
    """whose sound is there: caller, agent, mixed; empty while none is"""
    missing: list[str] = field(default_factory=list)

    @property
    def is_fresh(self) -> bool:
        """Whether more of it may be on its way: parts and recordings come one after the other."""
        return datetime.now(UTC) - self.at < FRESH

    @property
    def mark(self) -> str:
        """Changes when more of it arrives."""
        return "|".join([self.conversation_id, str(self.turns), str(self.tools), *self.sides, *self.missing])


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The path from the first call on."""

    observed: Observed | None
    calls: int
    labeled: int
    judged: int
    measured: int


@dataclass(frozen=True, kw_only=True)
class Week:
    """Four numbers of the last seven days, each with the seven days before."""

    since: datetime
    calls: tuple[int, int]
    minutes: tuple[float, float]
    failed: tuple[int, int]
    labels: tuple[int, int]


def progress(session: Session, project_id: int) -> Progress:
    """How far the project is. Counts are of conversations."""
    own = Conversation.project_id == project_id
    scored = select(func.count(Evaluation.conversation_id.distinct())).filter_by(project_id=project_id, status="done")
    return Progress(
        observed=observed(session, project_id),
        calls=session.scalar(select(func.count()).select_from(Conversation).where(own)) or 0,
        labeled=session.scalar(select(func.count(Label.item_id.distinct())).filter_by(project_id=project_id)) or 0,
        judged=session.scalar(scored.filter_by(evaluator="rubric_judge")) or 0,
        measured=session.scalar(scored.filter_by(evaluator="delivery")) or 0,
    )


def observed(session: Session, project_id: int, since: datetime | None = None) -> Observed | None:
    """The newest call, if there is one (since then)."""
    newest = select(Conversation).filter_by(project_id=project_id).order_by(Conversation.created_at.desc()).limit(1)
    found = session.scalars(newest).one_or_none()
    if found is None or (since and found.created_at < since):
        return None
    of_it = {"project_id": project_id, "conversation_id": found.id}
    count = {
        part: session.scalar(select(func.count()).select_from(part).filter_by(**of_it)) or 0
        for part in (Turn, ToolCall, Usage)
    }
    stored = select(Recording.track, Recording.channels).filter_by(**of_it).where(Recording.sha256.is_not(None))
    sides = {side for track, channels in session.execute(stored) for side in channels or WHOSE.get(track, [track])}
    lacks = {"turns": not count[Turn], "audio": not sides, "cost": not count[Usage]}
    missing = [what for what, is_missing in lacks.items() if is_missing]
    return Observed(
        conversation_id=found.id,
        at=found.created_at,
        turns=count[Turn],
        tools=count[ToolCall],
        sides=sorted(sides),
        missing=missing,
    )


def week(session: Session, project_id: int, now: datetime | None = None) -> Week:
    """This week and the one before, by the time of the calls."""
    now = now or datetime.now(UTC)
    spans = [(now - timedelta(days=7), now), (now - timedelta(days=14), now - timedelta(days=7))]
    this, last = (_counted(session, project_id, since, until) for since, until in spans)
    return Week(
        since=spans[0][0],
        calls=(int(this[0]), int(last[0])),
        minutes=(this[1], last[1]),
        failed=(int(this[2]), int(last[2])),
        labels=(int(this[3]), int(last[3])),
    )


def _counted(session: Session, project_id: int, since: datetime, until: datetime) -> tuple[float, float, float, float]:
    held = (Conversation.project_id == project_id, Conversation.started_at > since, Conversation.started_at <= until)
    failing = select(Score.metric).where(
        Score.project_id == Conversation.project_id, Score.conversation_id == Conversation.id, Score.verdict == "fail"
    )
    calls, length, failed = session.execute(
        select(
            func.count(), func.coalesce(func.sum(Conversation.duration_ms), 0), func.count().filter(failing.exists())
        ).where(*held)
    ).one()
    made = (Label.project_id == project_id, Label.submitted_at > since, Label.submitted_at <= until)
    labels = session.scalar(select(func.count()).select_from(Label).where(*made, Label.superseded_at.is_(None)))
    return calls, float(length or 0) / 60_000, failed, labels or 0


@dataclass(frozen=True, kw_only=True)
class StandsOut:
    """A call worth listening to, and the moment to start at."""

    conversation_id: str
    agent: str | None
    at: datetime | None
    explanation: str
    start_ms: int | None
    count: int


def stands_out(session: Session, project_id: int) -> list[StandsOut]:
    """The newest calls with failing verdicts: each once, with its first finding."""
    same = (Score.project_id == Conversation.project_id) & (Score.conversation_id == Conversation.id)
    failing = (Conversation.project_id == project_id, Score.verdict == "fail", Score.explanation.is_not(None), once())
    newest = (
        select(Conversation.id, func.count().label("count"))
        .join(Score, same)
        .where(*failing)
        .group_by(Conversation.id, Conversation.started_at)
        .order_by(Conversation.started_at.desc().nulls_last())
        .limit(STANDS_OUT)
        .subquery()
    )
    columns = (Conversation.id, Conversation.agent_name, Conversation.started_at, Score.explanation, Score.evidence)
    query = select(*columns, newest.c.count).join(Score, same).join(newest, newest.c.id == Conversation.id)
    query = query.where(*failing)
    query = query.order_by(
        Conversation.started_at.desc().nulls_last(), Conversation.id, Score.subject_type, Score.metric
    )
    first: dict[str, StandsOut] = {}
    for call, agent, at, explanation, evidence, count in session.execute(query):
        start = next((found["start_ms"] for found in evidence if found.get("start_ms") is not None), None)
        shown = StandsOut(
            conversation_id=call, agent=agent, at=at, explanation=explanation, start_ms=start, count=count
        )
        first.setdefault(call, shown)
    return list(first.values())
