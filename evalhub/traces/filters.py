"""Which conversations: the filters of the list, as the address bar, the HTTP interface and queues write them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import array

from evalhub.db import one_of
from evalhub.errors import BadInput, Problem
from evalhub.models import (
    Conversation,
    Evaluation,
    JudgeAnswer,
    JudgeVersion,
    Label,
    LabelValue,
    Queue,
    QueueItem,
    Recording,
    SamplePlan,
    Score,
    Turn,
)

TURN_TEXT: ColumnElement[str] = literal_column("to_tsvector('simple'::regconfig, COALESCE(turn.text, ''::text))")
VERDICTS = ("pass", "fail", "unsure")
YES_NO = ("yes", "no")
PEOPLE = "people"
CRITERION = "criterion."
"""before a criterion's key, it is the metric of the judge's verdicts on it"""
BY = (PEOPLE, "checks")
NAMED = {"since": "from", "until": "to"}
"""what a query string calls them, where that is no name in Python"""
SCENARIO = Conversation.meta["scenario"].astext
EQUAL: dict[str, Any] = {
    "agent": Conversation.agent_name,
    "version": Conversation.agent_version,
    "origin": Conversation.origin,
    "channel": Conversation.channel,
    "architecture": Conversation.architecture,
    "state": Conversation.state,
    "scenario": SCENARIO,
}
"""filters that name what a column holds"""
NONE = "(none)"
"""of those: the calls of which the client said nothing there, as an agent without a version"""
BY_ANSWER = ("verdict", "metric", "by", "evaluator", "judge", "said", "people", "status")
"""filters that pick calls by what was answered about them: a sample of those speaks for no others"""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Every filter narrows; what is not given does not."""

    q: str | None = None
    """words that were said"""
    agent: str | None = None
    version: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    origin: str | None = None
    channel: str | None = None
    architecture: str | None = None
    tag: str | None = None
    state: str | None = None
    scenario: str | None = None
    """whose runs: `metadata.scenario`"""
    audio: str | None = None
    """yes | no: whether there is a recording"""
    labeled: str | None = None
    """yes | no"""
    verdict: str | None = None
    """pass | fail | unsure, of `metric` or of any check"""
    metric: str | None = None
    """a metric or criterion that has an answer"""
    by: str | None = None
    """people | checks: whose verdict; without it, that of checks"""
    evaluator: str | None = None
    """who answered, where several answer the same criterion"""
    judge: str | None = None
    """the judge version that answered"""
    said: str | None = None
    """what that judge ever said of `metric`, a criterion: pass, fail, unsure, na or a level"""
    people: str | None = None
    """what somebody who labeled said of `metric`: pass, fail, na or a level"""
    status: str | None = None
    """blocked | failed | skipped | pending: of any evaluation"""

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> "Filters":
        """The filters in a query string; `from` and `to` are days or times, the day of `to` included.

        Raises:
            BadInput: a time or a choice that cannot be understood.
        """
        named = {f.name: args[f.name].strip() for f in fields(cls) if args.get(f.name, "").strip()}
        named = {name: value.replace("\x00", "") for name, value in named.items() if name not in ("since", "until")}
        for name, choices in (("verdict", VERDICTS), ("by", BY), ("audio", YES_NO), ("labeled", YES_NO)):
            if named.get(name) not in (None, *choices):
                raise BadInput("This filter cannot be used.", [Problem(name, " | ".join(choices), repr(named[name]))])
        return cls(**named, since=_time(args, "from"), until=_time(args, "to", end_of_day=True))

    def as_args(self) -> dict[str, str]:
        """The query string of these filters."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return {NAMED.get(name, name): _day(value) for name, value in given.items()}

    def without(self, name: str) -> dict[str, str]:
        """The query string with one filter taken away."""
        return {key: value for key, value in self.as_args().items() if key != name}


ARGUMENTS = tuple(NAMED.get(field.name, field.name) for field in fields(Filters))
"""the names of all filters in a query string"""


def conditions(project_id: int, filters: Filters) -> list[ColumnElement[bool]]:
    """The filters as conditions on Conversation."""
    return [Conversation.project_id == project_id, *conditions_by_name(project_id, filters).values()]


def conditions_by_name(
    project_id: int, filters: Filters, *, among: Sequence[str] | None = None
) -> dict[str, ColumnElement[bool]]:
    """Each filter that is given as a condition on Conversation, by its name in a query string.

    Args:
        among: the ids of the only conversations that are asked about, so that words are looked for in them alone.
    """
    given = filters.as_args()
    found: dict[str, ColumnElement[bool]] = {
        name: holds(column, given[name]) for name, column in EQUAL.items() if name in given
    }
    found |= {"from": Conversation.started_at >= filters.since} if filters.since else {}
    found |= {"to": Conversation.started_at < filters.until} if filters.until else {}
    found |= {"tag": Conversation.tags.contains([filters.tag])} if filters.tag else {}
    found |= {"q": _said(project_id, filters.q, among)} if filters.q else {}
    found |= {"audio": _is(filters.audio, _has_audio())} if filters.audio else {}
    found |= {"labeled": _is(filters.labeled, _is_labeled())} if filters.labeled else {}
    found |= {"verdict": _answered(filters)} if _asks_for_answers(filters) else {}
    found |= {"said": _judge_said(filters)} if filters.said else {}
    found |= {"people": _people_said(filters)} if filters.people else {}
    found |= {"status": _has_status(filters.status)} if filters.status else {}
    return found


def ids(project_id: int, filters: Filters) -> Select[Any]:
    """A select of the ids of these conversations, for whoever draws from them."""
    return select(Conversation.id).where(*conditions(project_id, filters))


def holds(column: Any, wanted: str) -> ColumnElement[bool]:
    """What a filter of EQUAL asks for; NONE where the client said nothing."""
    return or_(column.is_(None), column == "") if wanted == NONE else column == wanted


def _same(table: Any) -> ColumnElement[bool]:
    return and_(table.project_id == Conversation.project_id, table.conversation_id == Conversation.id)


def _said(project_id: int, words: str, among: Sequence[str] | None) -> ColumnElement[bool]:
    """Calls with these words, or whose id they begin. The words are looked for once, not for each call."""
    query = func.websearch_to_tsquery(text("'simple'::regconfig"), words)
    said = select(Turn.conversation_id).where(Turn.project_id == project_id, TURN_TEXT.op("@@")(query))
    said = said if among is None else said.where(one_of(Turn.conversation_id, among))
    return Conversation.id.in_(said) | Conversation.id.startswith(words, autoescape=True)


def _has_audio() -> ColumnElement[bool]:
    return exists().where(_same(Recording), Recording.sha256.is_not(None))


def _is_labeled() -> ColumnElement[bool]:
    item = and_(QueueItem.project_id == Label.project_id, QueueItem.id == Label.item_id)
    return select(Label.id).join(QueueItem, item).where(_same(QueueItem), Label.superseded_at.is_(None)).exists()


def _asks_for_answers(filters: Filters) -> bool:
    if filters.said or filters.people:
        return any((filters.verdict, filters.by, filters.evaluator))
    return any((filters.verdict, filters.metric, filters.by, filters.evaluator, filters.judge))


def _answered(filters: Filters) -> ColumnElement[bool]:
    if filters.by == PEOPLE:
        return _answered_by_people(filters)
    wanted = [Score.metric == filters.metric] if filters.metric else []
    wanted += [Score.evaluator == filters.evaluator] if filters.evaluator else []
    wanted += [Score.policy["judge_version"].astext == filters.judge] if filters.judge else []
    answered = Score.value.is_not(None) | Score.verdict.is_not(None)
    wanted += [Score.verdict == filters.verdict] if filters.verdict else [answered]
    return exists().where(_same(Score), *wanted)


def _answered_by_people(filters: Filters) -> ColumnElement[bool]:
    """Calls that somebody answered so: a criterion is true or false to people, they are never unsure."""
    criterion = _criterion(filters)
    wanted = [LabelValue.subject_type == "conversation"]
    wanted += [LabelValue.criterion == criterion] if criterion else []
    wanted += [func.to_jsonb(filters.verdict == "pass") == LabelValue.value] if filters.verdict else [~LabelValue.na]
    item = and_(QueueItem.project_id == Label.project_id, QueueItem.id == Label.item_id)
    value = and_(LabelValue.project_id == Label.project_id, LabelValue.label_id == Label.id)
    labels = select(Label.id).join(QueueItem, item).join(LabelValue, value)
    return labels.where(_same(QueueItem), Label.superseded_at.is_(None), *wanted).exists()


def _judge_said(filters: Filters) -> ColumnElement[bool]:
    """Calls of which this judge said so, as they were last shown to it; another judge may have answered since."""
    criterion = _criterion(filters)
    asked = (JudgeAnswer.judge_version == filters.judge, JudgeAnswer.run == 0, JudgeAnswer.verdicts.has_key(criterion))
    latest = select(JudgeAnswer.verdicts[criterion].astext).where(_same(JudgeAnswer), *asked)
    answer = latest.order_by(JudgeAnswer.created_at.desc()).limit(1).scalar_subquery()
    return answer == filters.said


def _people_said(filters: Filters) -> ColumnElement[bool]:
    """Calls of which somebody said so, in a label that estimates; of the judge's scorecard where one is named."""
    word = {"pass": "true", "fail": "false"}.get(filters.people or "", filters.people)
    said = LabelValue.na if word == "na" else LabelValue.value.op("#>>")(literal_column("'{}'")) == word
    item = and_(QueueItem.project_id == Label.project_id, QueueItem.id == Label.item_id)
    value = and_(LabelValue.project_id == Label.project_id, LabelValue.label_id == Label.id)
    queue = and_(Queue.project_id == QueueItem.project_id, Queue.id == QueueItem.queue_id)
    labels = select(Label.id).join(QueueItem, item).join(LabelValue, value).join(Queue, queue)
    wanted = [said, LabelValue.subject_type == "conversation", LabelValue.criterion == _criterion(filters)]
    if filters.judge:
        judge = and_(JudgeVersion.project_id == Queue.project_id, JudgeVersion.id == filters.judge)
        labels = labels.join(JudgeVersion, and_(judge, JudgeVersion.rubric == Queue.rubric))
    ours = (_same(QueueItem), Label.superseded_at.is_(None), QueueItem.purpose == "estimate", not_picked_by_answer())
    return labels.where(*ours, *wanted).exists()


def not_picked_by_answer() -> ColumnElement[bool]:
    """Of queue items: whether their population was chosen without a look at verdicts or labels. A queue of what a judge
    failed says nothing of how many fails it misses."""
    plan = and_(SamplePlan.project_id == QueueItem.project_id, SamplePlan.id == QueueItem.plan_id)
    return ~exists().where(plan, SamplePlan.population_query.has_any(array(BY_ANSWER)))


def _criterion(filters: Filters) -> str:
    return (filters.metric or "").removeprefix(CRITERION)


def _has_status(status: str) -> ColumnElement[bool]:
    return exists().where(_same(Evaluation), Evaluation.status == status)


def _is(answer: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return condition if answer == "yes" else ~condition


def _time(args: Mapping[str, str], name: str, *, end_of_day: bool = False) -> datetime | None:
    given = args.get(name, "").strip()
    if not given:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise BadInput(
            "This time cannot be read.", [Problem(name, "2026-11-01 or a time with zone", repr(given))]
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment + timedelta(days=1) if end_of_day and len(given) == len("2026-11-01") else moment


def _day(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
