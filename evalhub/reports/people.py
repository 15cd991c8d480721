"""What people said: rates per criterion and agent version from labels, weighed by how likely each call was drawn.

Only labels from queues that estimate are read; calls picked for another reason (triage, gold, pilot), or by what was
answered about them (a judge's fails), say nothing about the rate, and answers to a question that meant something else
then say nothing of it now. A call that several people answered counts once, with their mean.
"""

from collections import defaultdict

from sqlalchemy import ColumnElement, Float, Text, and_, case, cast, func, not_, select
from sqlalchemy.orm import Session

from evalhub.models import Conversation, Label, LabelValue, Queue, QueueItem
from evalhub.reports.measures import AGENT_VERSION, AgentVersion, VersionRate
from evalhub.reports.window import Window
from evalhub.rubrics.editing import outdated
from evalhub.traces.filters import not_picked_by_answer
from evalhub.trust.intervals import weighted_rate


def people_rates(session: Session, window: Window) -> list[VersionRate]:
    """Share of calls that pass each boolean criterion, per agent version, with its interval."""
    answers: dict[tuple[str, AgentVersion], list[tuple[float, float]]] = defaultdict(list)
    for criterion, *version, probability, answer in session.execute(
        _answers(window, outdated(session, window.project_id))
    ):
        answers[criterion, AgentVersion(*version)].append((1 / probability, answer))
    found = [(key, weighted_rate(pairs)) for key, pairs in sorted(answers.items())]
    return [VersionRate(criterion, version, rate) for (criterion, version), rate in found if rate]


def _answers(window: Window, old: list[tuple[str, str, int]]):  # type: ignore[no-untyped-def]
    """One row per criterion, version and call: the mean answer of those who labeled it, as it is asked now."""
    passed = func.avg(cast(case((cast(LabelValue.value, Text) == "true", 1), else_=0), Float))
    value_of = and_(LabelValue.project_id == Label.project_id, LabelValue.label_id == Label.id)
    item_of = and_(QueueItem.project_id == Label.project_id, QueueItem.id == Label.item_id)
    call_of = and_(Conversation.project_id == QueueItem.project_id, Conversation.id == QueueItem.conversation_id)
    query = (
        select(LabelValue.criterion, *AGENT_VERSION, func.min(QueueItem.inclusion_prob), passed)
        .join(Label, value_of)
        .join(QueueItem, item_of)
        .join(Queue, and_(Queue.project_id == QueueItem.project_id, Queue.id == QueueItem.queue_id))
        .join(Conversation, call_of)
        .where(*window.conditions(), Label.superseded_at.is_(None), QueueItem.purpose == "estimate")
        .where(not_picked_by_answer())
        .where(LabelValue.na.is_(False), LabelValue.subject_type == "conversation")
        .where(func.jsonb_typeof(LabelValue.value) == "boolean", *(not_(_asked_otherwise(*one)) for one in old))
    )
    return query.group_by(LabelValue.criterion, *AGENT_VERSION, QueueItem.conversation_id)


def _asked_otherwise(rubric: str, criterion: str, since: int) -> ColumnElement[bool]:
    return and_(Queue.rubric == rubric, LabelValue.criterion == criterion, Label.rubric_version < since)
