"""The judges a project used: what they cost (a call, a day, about one call), how much was cached, what flips."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select, text
from sqlalchemy.orm import Session

from evalhub.models import Conversation, JudgeAnswer, JudgeVersion
from evalhub.reports.window import Window
from evalhub.trust.intervals import Rate, rate, wilson

DAYS = 30
ANSWERED = """
select judge_version,
       count(distinct conversation_id) filter (where run = 0) as calls,
       max(created_at) as last_used_at,
       sum(cost_usd) as cost_usd,
       count(distinct (conversation_id, run)) filter (where cost_usd is not null) as priced,
       sum((usage ->> 'input_tokens')::float) as input_tokens,
       sum((usage ->> 'cached_tokens')::float) as cached_tokens,
       sum((select count(*) from jsonb_object_keys(verdicts))) filter (where cost_usd is not null) as priced_verdicts,
       sum((select count(*) from jsonb_object_keys(verdicts))) filter (where run = 0) as verdicts,
       sum((select count(*) from jsonb_each_text(verdicts) given where given.value = 'unsure')) filter (where run = 0)
           as unsure
from judge_answer
where project_id = :project_id and created_at >= :since
group by judge_version
"""
FLIPPED = """
select first.judge_version,
       count(*) as answers,
       count(distinct conversation_id) as calls,
       count(*) filter (where given.value is distinct from second.verdicts ->> given.key) as flipped
from judge_answer second
join judge_answer first using (project_id, conversation_id, asked, content_hash)
cross join jsonb_each_text(first.verdicts) given
where second.project_id = :project_id and second.created_at >= :since and second.run = 1 and first.run = 0
  and first.judge_version = second.judge_version
group by first.judge_version
"""


ABOUT_A_CALL = """
select judge_version, model, count(*) as askings, coalesce(sum(cost_usd), 0) as usd,
       count(*) - count(cost_usd) as unpriced
from judge_answer where project_id = :project_id and conversation_id = :conversation_id
group by judge_version, model
"""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What asking a model came to: about one call, or on one day."""

    model: str
    askings: int
    usd: float
    """of the askings whose cost is known"""
    unpriced: int
    """askings whose cost is not"""


def asked_about(session: Session, project_id: int, conversation_id: str) -> dict[str, Asked]:
    """What each judge version was asked about one call so far."""
    rows = session.execute(text(ABOUT_A_CALL), {"project_id": project_id, "conversation_id": conversation_id})
    return {
        row.judge_version: Asked(model=row.model, askings=row.askings, usd=row.usd, unpriced=row.unpriced)
        for row in rows
    }


def asked_by_day(session: Session, window: Window) -> list[tuple[date, Asked]]:
    """What each model was asked on each day (UTC), about the calls of a window."""
    day = func.date(func.timezone("UTC", JudgeAnswer.created_at))
    sums = (func.count(), func.coalesce(func.sum(JudgeAnswer.cost_usd), 0.0), func.count(JudgeAnswer.cost_usd))
    of_call = and_(Conversation.project_id == JudgeAnswer.project_id, Conversation.id == JudgeAnswer.conversation_id)
    ours = (JudgeAnswer.project_id == window.project_id, JudgeAnswer.created_at >= window.since)
    query = select(day, JudgeAnswer.model, *sums).join(Conversation, of_call).where(*ours, *window.of_agent())
    rows = session.execute(query.group_by(day, JudgeAnswer.model).order_by(day, JudgeAnswer.model))
    return [
        (at, Asked(model=model, askings=askings, usd=usd, unpriced=askings - priced))
        for at, model, askings, usd, priced in rows
    ]


@dataclass(frozen=True, kw_only=True)
class JudgeReport:
    """A judge version, by what it did in the last days."""

    version: JudgeVersion
    calls: int
    last_used_at: datetime
    cost_per_call: float | None
    """US dollars; None where no price is known, as the others"""
    cost_per_verdict: float | None
    cached: float | None
    """share of the tokens shown that the server had cached; None where it does not count them"""
    unsure: Rate | None
    flips: Rate | None
    """share of answers that came out differently when asked twice; None where nothing was"""


def judges(session: Session, project_id: int) -> list[JudgeReport]:
    """The judges of the last days, the one used last first."""
    asked = {"project_id": project_id, "since": datetime.now(UTC) - timedelta(days=DAYS)}
    versions = {row.id: row for row in session.query(JudgeVersion).filter_by(project_id=project_id)}
    flips = {row.judge_version: row for row in session.execute(text(FLIPPED), asked)}
    found = [
        _report(versions[row.judge_version], row._mapping, flips.get(row.judge_version))
        for row in session.execute(text(ANSWERED), asked)
        if row.judge_version in versions
    ]
    return sorted(found, key=lambda one: one.last_used_at, reverse=True)


def _report(version: JudgeVersion, row: Any, flips: Any) -> JudgeReport:
    return JudgeReport(
        version=version,
        calls=row["calls"],
        last_used_at=row["last_used_at"],
        cost_per_call=row["cost_usd"] / row["priced"] if row["priced"] else None,
        cost_per_verdict=row["cost_usd"] / float(row["priced_verdicts"]) if row["priced_verdicts"] else None,
        cached=row["cached_tokens"] / row["input_tokens"] if row["cached_tokens"] is not None else None,
        unsure=rate(int(row["unsure"] or 0), int(row["verdicts"] or 0)),
        flips=_flips(flips) if flips else None,
    )


def _flips(row: Any) -> Rate:
    """The interval counts calls, not answers: those of one call flip together."""
    share = row.flipped / row.answers
    low, high = wilson(share, row.calls)
    return Rate(value=share, low=low, high=high, count=row.answers, effective=row.calls)
