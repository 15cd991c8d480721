"""What a queue draws from: the calls that match, each with the part of the population it belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, case, collate, func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from evalhub.labeling.scorecards import VERDICT_ON
from evalhub.models import Conversation, Score

OVERLAP_SHARE = 0.2
WHOLE, UNSURE = "all", "unsure"
Ids = Select[str]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a queue would come to, before it is made."""

    population: int
    """calls that match"""
    calls: int
    """calls that would be drawn"""
    answers: int
    """scorecards to fill in: some calls get two, to see how well people agree"""
    median_call_ms: float | None
    listening_ms: float | None
    """median call length times answers"""


def preview(
    session: Session, ids: Ids, *, project_id: int, calls: int, overlap_share: float = OVERLAP_SHARE
) -> Preview:
    """How many calls match, and how long listening to the sample takes."""
    matching = ids.subquery()
    median = func.percentile_cont(0.5).within_group(Conversation.duration_ms)
    count = select(func.count(), median).join(matching, Conversation.id == matching.c[0])
    population, median_ms = session.execute(count.where(Conversation.project_id == project_id)).one()
    drawn = min(calls, population)
    answers = drawn + round(overlap_share * drawn)
    return Preview(
        population=population,
        calls=drawn,
        answers=answers,
        median_call_ms=median_ms,
        listening_ms=None if median_ms is None else median_ms * answers,
    )


def population(session: Session, ids: Ids, project_id: int, stratify_by: str | None) -> Iterable[Any]:
    """(id, stratum) of every call that matches, sorted by id as bytes, streamed."""
    matching = ids.subquery()
    key = matching.c[0]
    pairs: Select[Any] = select(key, literal(WHOLE, String))
    if stratify_by:
        verdicts = _latest_verdicts(project_id, stratify_by).subquery()
        known = case((verdicts.c.verdict.in_(("pass", "fail")), verdicts.c.verdict), else_=UNSURE)
        pairs = select(key, known).select_from(matching).outerjoin(verdicts, verdicts.c.conversation_id == key)
    pairs = pairs.order_by(collate(key, "C")).execution_options(yield_per=10_000)
    return session.execute(pairs)


def _latest_verdicts(project_id: int, criterion: str) -> Select[str, str | None]:
    """The newest verdict on each call; a call that nobody judged counts as unsure."""
    return (
        select(Score.conversation_id, Score.verdict)
        .ext(distinct_on(Score.conversation_id))
        .where(
            Score.project_id == project_id, Score.metric == VERDICT_ON + criterion, Score.subject_type == "conversation"
        )
        .order_by(Score.conversation_id, Score.created_at.desc())
    )
