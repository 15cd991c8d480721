"""Which conversations are evaluated when not all are: always drawn at random, never the first that came.

Each conversation has a number in [0, 1) from the SHA-256 of its id, so the same ones are drawn wherever and whenever
it is asked. It is drawn if that number lies below its chance: the share of the rule that asks for it and, for judges
where a day's budget is set, what is left of that over what still waits and is expected until midnight UTC. The chance
is kept with the evaluation (`details.inclusion_prob`): weighted by its inverse, the judged calls speak for all.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, false, func, literal, or_, select, true
from sqlalchemy.orm import Session

from evalhub.costs import price_table
from evalhub.evaluations.limits import Limits, without_price
from evalhub.evaluations.matching import asks_judges, matches
from evalhub.evaluators import Outcome
from evalhub.models import (
    FAILED,
    PENDING,
    RUNNING,
    SKIPPED,
    Conversation,
    Evaluation,
    EvaluationRule,
    JudgeAnswer,
    Project,
)
from evalhub.settings import Settings

SAMPLED_OUT, OVER_BUDGET, RULE_OFF, OUTDATED = "sampled_out", "over_budget", "rule_off", "outdated"
LEFT_OUT = (SAMPLED_OUT, RULE_OFF, OUTDATED)
"""why an evaluation is not there to be run"""
DAYS_SEEN = 7
NO_LIMIT = 1_000_000_000
FIRST_GUESS = 0.01
"""dollars a call is taken to cost until one was judged"""
NO_PRICE = (
    "a budget in dollars is set, but nothing tells what {} costs: give its price in Rules and prices, or set calls a "
    "day instead"
)


@dataclass(frozen=True)
class Draw:
    """The lot of a project's conversations, for now."""

    limits: Limits
    shares: Mapping[int, float]
    """of each rule, by its id"""
    left: float = 1.0
    """the chance that today's budget leaves everybody"""
    spent: str = ""
    """how the day's budget stands, in words"""

    def chance(self, evaluation: Evaluation) -> float:
        """What the number of a conversation has to lie below."""
        return min(self._share(evaluation), self.left)

    def left_out(self, evaluation: Evaluation) -> Outcome | None:
        """Why a conversation is not judged, if it is not. One that was drawn before stays drawn."""
        chance, share = self.chance(evaluation), self._share(evaluation)
        if _was_drawn(evaluation) or is_drawn(evaluation.conversation_id, chance):
            return None
        capped = self.left < share
        said = f"{self.spent}; what is left is drawn at random" if capped else "calls are drawn at random"
        return Outcome(
            status=SKIPPED,
            reason_code=OVER_BUDGET if capped else SAMPLED_OUT,
            reason=f"not drawn: {said}, and the chance was {chance:.1%}",
            details=self.details(evaluation),
        )

    def _share(self, evaluation: Evaluation) -> float:
        return self.shares.get(evaluation.rule_id or 0, 1.0)

    def details(self, evaluation: Evaluation) -> dict[str, Any]:
        """What is kept of the draw: the chance the conversation had when it was drawn."""
        drawn = (evaluation.details or {})["inclusion_prob"] if _was_drawn(evaluation) else self.chance(evaluation)
        return {"inclusion_prob": drawn}

    def again(self, conversation_id: str) -> bool:
        """Whether a conversation is judged twice."""
        return number_of(f"again:{conversation_id}") < self.limits.asked_again


def number_of(conversation_id: str) -> float:
    """The conversation's number in [0, 1)."""
    return int.from_bytes(hashlib.sha256(conversation_id.encode()).digest()[:8]) / 2**64


def is_drawn(conversation_id: str, share: float) -> bool:
    """Whether a conversation belongs to a share (0 to 1) of them."""
    return share >= 1 or number_of(conversation_id) < share


def drawn(share: float) -> ColumnElement[bool]:
    """The same as a condition on Conversation."""
    if not 0 < share < 1:
        return true() if share > 0 else false()
    number = func.substring(func.sha256(func.convert_to(Conversation.id, "UTF8")), 1, 8)
    return number < literal(ceil(share * 2**64).to_bytes(8), LargeBinary())


def sampled_out(rule: str, share: float) -> dict[str, Any]:
    """What the row of a conversation says that matched a rule and was not drawn."""
    reason = f"not drawn: the rule “{rule}” takes {share * 100:.4g} % of the calls that match, at random"
    details = {"inclusion_prob": share}
    return {"status": SKIPPED, "reason_code": SAMPLED_OUT, "reason": reason, "details": details}


def draws(session: Session, claimed: Sequence[Evaluation], settings: Settings) -> dict[int, Draw]:
    """The draw of each project of which something was just claimed."""
    counts = Counter(place[0] for place in {(one.project_id, one.conversation_id) for one in claimed})
    return {project_id: _draw(session, project_id, counts[project_id], settings) for project_id in sorted(counts)}


def _was_drawn(evaluation: Evaluation) -> bool:
    """What waits for another try has a reason; what is planned anew has none."""
    return evaluation.reason_code is not None and (evaluation.details or {}).get("inclusion_prob") is not None


def _draw(session: Session, project_id: int, claimed: int, settings: Settings) -> Draw:
    project = session.get_one(Project, project_id)
    limits = Limits.of(project)
    rules = session.scalars(select(EvaluationRule).filter_by(project_id=project_id)).all()
    shares = {rule.id: rule.share for rule in rules}
    if limits.daily_calls is None and limits.daily_usd is None:
        return Draw(limits, shares)
    pending, running = _open(session, project_id)
    left, spent = _left(session, project, settings, under_way=running - claimed)
    to_come = claimed + pending + _expected(session, project_id, [rule for rule in rules if rule.enabled])
    return Draw(limits, shares, min(1.0, max(0.0, left) / max(to_come, 1.0)), spent)


def _left(session: Session, project: Project, settings: Settings, under_way: int) -> tuple[float, str]:
    """How many more calls the day's budget allows, and how it stands in words."""
    limits, today = Limits.of(project), _spent(session, project.id, _midnight())
    left, spent = float("inf"), ""
    if limits.daily_calls is not None:
        left = limits.daily_calls - today.calls
        spent = f"{today.calls} of today's {limits.daily_calls} calls are judged"
    if limits.daily_usd is not None:
        if unpriced := without_price(settings, price_table(project.settings.get("prices", ""))):
            return 0.0, NO_PRICE.format(unpriced[0])
        affordable = (limits.daily_usd - today.at_most_usd) / _price_of_a_call(session, project.id)
        if affordable < left:
            left, spent = affordable, f"${today.at_most_usd:.2f} of today's ${limits.daily_usd:.2f} are spent"
    return left - under_way, spent


def calls_left_today(session: Session, project: Project, settings: Settings) -> int:
    """How many more calls today's budget allows; very many where there is none."""
    limits = Limits.of(project)
    if limits.daily_calls is None and limits.daily_usd is None:
        return NO_LIMIT
    return max(0, min(NO_LIMIT, int(_left(session, project, settings, under_way=0)[0])))


def cost_of_a_call(session: Session, project_id: int) -> float | None:
    """Dollars a judged call cost in the last days, by all judges together; None where none was judged, or any of
    what was asked has no known price."""
    seen = _spent(session, project_id, _midnight() - timedelta(days=DAYS_SEEN))
    return seen.at_most_usd / seen.calls if seen.calls and seen.usd > 0 and not seen.unpriced else None


def _price_of_a_call(session: Session, project_id: int) -> float:
    """The same to keep a budget by: FIRST_GUESS before any call was judged."""
    seen = _spent(session, project_id, _midnight() - timedelta(days=DAYS_SEEN))
    return seen.at_most_usd / seen.calls if seen.calls and seen.usd > 0 else FIRST_GUESS


@dataclass(frozen=True)
class _Spent:
    """What judging came to, second askings included: a call that is read and listened to counts once."""

    calls: int
    usd: float
    askings: int
    unpriced: int
    """askings whose tokens the server did not count, or whose price was not known"""
    useless_usd: float
    """paid for answers that could not be used"""

    @property
    def at_most_usd(self) -> float:
        """With what is not known taken as the mean of what is."""
        known = self.askings - self.unpriced
        kept = self.usd * self.askings / known if known else self.askings * FIRST_GUESS
        return kept + self.useless_usd


def _spent(session: Session, project_id: int, since: datetime) -> _Spent:
    by_call = (
        select(
            func.bool_or(JudgeAnswer.run == 0).label("judged"),
            func.sum(JudgeAnswer.cost_usd).label("usd"),
            func.count().label("askings"),
            func.count(JudgeAnswer.cost_usd).label("priced"),
        )
        .where(JudgeAnswer.project_id == project_id, JudgeAnswer.created_at >= since)
        .group_by(JudgeAnswer.conversation_id)
        .subquery()
    )
    sums = (func.coalesce(func.sum(column), 0) for column in (by_call.c.usd, by_call.c.askings, by_call.c.priced))
    calls, usd, askings, priced = session.execute(select(func.count().filter(by_call.c.judged), *sums)).one()
    useless = _paid_for_nothing(session, project_id, since)
    return _Spent(int(calls), float(usd), int(askings), int(askings - priced), useless)


def _paid_for_nothing(session: Session, project_id: int, since: datetime) -> float:
    """Dollars for answers that could not be used: no answer is kept of them, their evaluation knows."""
    cost = func.sum(Evaluation.details["cost_usd"].as_float())
    ours = (Evaluation.project_id == project_id, Evaluation.kind_of_work == "judge", Evaluation.status == FAILED)
    return session.scalar(select(cost).where(*ours, Evaluation.finished_at >= since)) or 0.0


def _open(session: Session, project_id: int) -> tuple[int, int]:
    """How many calls wait for a judge, and how many are being judged; two judges of one call count once."""
    ours = (
        Evaluation.kind_of_work == "judge",
        Evaluation.status.in_((PENDING, RUNNING)),
        Evaluation.project_id == project_id,
    )
    calls = func.count(Evaluation.conversation_id.distinct())
    pending, running = (calls.filter(Evaluation.status == status) for status in (PENDING, RUNNING))
    row = session.execute(select(pending, running).where(*ours)).one()
    return row[0], row[1]


def _midnight() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _expected(session: Session, project_id: int, rules: Sequence[EvaluationRule]) -> float:
    """Conversations until midnight UTC that judges will be asked about, by the mean of the last days."""
    now = datetime.now(UTC)
    judged = [matches(rule, project_id) for rule in rules if asks_judges(rule)]
    seen = select(func.count()).where(
        Conversation.project_id == project_id,
        Conversation.started_at >= now - timedelta(days=DAYS_SEEN),
        or_(false(), *judged),
    )
    left_of_day = 1 - (now - _midnight()) / timedelta(days=1)
    return (session.scalar(seen) or 0) / DAYS_SEEN * left_of_day
