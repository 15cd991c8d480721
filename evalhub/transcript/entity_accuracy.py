"""Entity accuracy: names, numbers, dates, codes and amounts, and whether the other side got them.

Definition: docs/metrics.md#entity-accuracy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from evalhub.errors import Skipped
from evalhub.evaluators import Context, Evaluator, Metric
from evalhub.models import Conversation, Score, ToolCall, Turn
from evalhub.transcript.calls.attempts import happened
from evalhub.transcript.entities.comparing import look_for
from evalhub.transcript.entities.finding import Entity, entities
from evalhub.transcript.entities.known import Known
from evalhub.transcript.moments import Evidence, Order, at, turn_evidence
from evalhub.transcript.words.normalise import Normaliser, normaliser_for

PAGE = "docs/metrics.md#entity-accuracy"
CONTRACT = "2"
MOST_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class EntityAccuracy(Evaluator):
    """Share of names, numbers, dates, codes and amounts that the other side got right, each direction apart.

    `entity_accuracy.caller`: said by the caller (`reference_text`), understood in `text`. `entity_accuracy.agent`: said
    by the agent, against what the caller heard (`heard_text`) and what the tools know. Per turn and per conversation;
    `counts` has every kind apart. English has all five kinds, other languages codes and numbers.
    """

    name = "entity_accuracy"
    version = "2"
    kind_of_work = "text"
    reads = frozenset({"facts", "turns", "tool_calls"})
    metrics = (
        Metric("entity_accuracy.caller", "Names, numbers and dates understood", "ratio", "higher", PAGE),
        Metric("entity_accuracy.agent", "Names, numbers and dates said right", "ratio", "higher", PAGE),
    )

    def evaluate(self, conversation: Conversation, context: Context) -> Iterator[Score]:  # noqa: ARG002
        """A row per direction that can be measured, and one per turn with entities."""
        normaliser = normaliser_for(conversation.language)
        caller = [] if conversation.architecture == "speech_to_speech" else _caller(conversation, normaliser)
        agent = _agent(conversation, normaliser)
        if not caller and not agent:
            raise Skipped("nothing_to_compare", _why_nothing(conversation))
        missing = "what the caller really said is not known (reference_text)"
        for side, checks, without in (("caller", caller, missing), ("agent", agent, "no tool and no heard_text tells")):
            metric = f"entity_accuracy.{side}"
            yield from (_of_turn(metric, check, normaliser) for check in checks if check.judged)
            none = "no name, number, date, code or amount that can be checked was said" if checks else without
            yield _of_conversation(metric, checks, normaliser, none)


@dataclass(kw_only=True)
class TurnCheck:
    """The entities of one turn: right, wrong (each with what is wrong), cut off, and those nobody can tell about."""

    turn: Turn
    right: list[Entity] = field(default_factory=list)
    wrong: list[tuple[Entity, str]] = field(default_factory=list)
    cut_off: list[Entity] = field(default_factory=list)
    unverified: list[Entity] = field(default_factory=list)

    @property
    def judged(self) -> int:
        return len(self.right) + len(self.wrong)


def _caller(conversation: Conversation, normaliser: Normaliser) -> list[TurnCheck]:
    turns = [turn for turn in conversation.turns_of("caller") if turn.reference_text and turn.text is not None]
    return [_understood(turn, normaliser) for turn in turns]


def _understood(turn: Turn, normaliser: Normaliser) -> TurnCheck:
    check = TurnCheck(turn=turn)
    for looked in look_for(entities(turn.reference_text or "", normaliser), turn.text or "", normaliser):
        if looked.right:
            check.right.append(looked.entity)
        else:
            became = f"became {looked.instead!r}" if looked.instead else "is missing"
            check.wrong.append((looked.entity, f"{looked.entity.said!r} {became}"))
    return check


def _agent(conversation: Conversation, normaliser: Normaliser) -> list[TurnCheck]:
    order, calls = Order(conversation), happened(conversation.tool_calls)
    turns = [turn for turn in conversation.turns_of("agent") if turn.text and (calls or turn.heard_text is not None)]
    facts = [(call, Known.of(call, normaliser)) for call in calls]
    return [_said(turn, _known_before(turn, facts, order), normaliser) for turn in turns]


def _known_before(turn: Turn, facts: list[tuple[ToolCall, Known]], order: Order) -> Known:
    """What the agent may have known when it spoke: of the calls that began before the turn did, or belong to it."""
    known = Known()
    for call, own in facts:
        if call.turn_id == turn.id or not order.spoken_before(turn, call):
            known.add(own)
    return known


def _said(turn: Turn, known: Known, normaliser: Normaliser) -> TurnCheck:
    check = TurnCheck(turn=turn)
    said = entities(turn.text or "", normaliser)
    heard = {id(one.entity): one for one in look_for(said, turn.heard_text or "", normaliser)}
    for entity in said:
        if meant := known.nearly(entity):
            check.wrong.append((entity, f"{entity.said!r} was said, the tools know {meant.upper()!r}"))
        elif turn.heard_text is not None and not heard[id(entity)].right:
            _not_heard(check, entity, heard[id(entity)].instead)
        elif turn.heard_text is not None or known.has(entity):
            check.right.append(entity)
        else:
            check.unverified.append(entity)
    return check


def _not_heard(check: TurnCheck, entity: Entity, instead: str | None) -> None:
    if check.turn.interrupted:
        check.cut_off.append(entity)
    else:
        became = f"was heard as {instead!r}" if instead else "was not heard"
        check.wrong.append((entity, f"{entity.said!r} {became}"))


def _why_nothing(conversation: Conversation) -> str:
    if conversation.architecture == "speech_to_speech":
        return "the caller's text is a side transcript, and the agent said nothing that its tools or heard_text tell of"
    return "no turn has a reference_text, and nothing tells what was heard of the agent"


def _of_turn(metric: str, check: TurnCheck, normaliser: Normaliser) -> Score:
    wrong = "; ".join(told for _, told in check.wrong)
    return Score(
        metric=metric,
        subject_type="turn",
        subject_id=check.turn.id,
        value=len(check.right) / check.judged,
        unit="ratio",
        explanation=wrong or f"right: {', '.join(entity.said for entity in check.right)}",
        evidence=[turn_evidence(check.turn)],
        contract=CONTRACT,
        policy={"normaliser": normaliser.stamp},
        counts={"correct": len(check.right), "mentioned": check.judged},
    )


def _of_conversation(metric: str, checks: list[TurnCheck], normaliser: Normaliser, none: str) -> Score:
    right, judged = sum(len(check.right) for check in checks), sum(check.judged for check in checks)
    wrong = [f"{told}{at(check.turn.start_ms)}" for check in checks for _, told in check.wrong]
    return Score(
        metric=metric,
        value=right / judged if judged else None,
        unit="ratio",
        explanation="; ".join([f"{right} of {judged} right", *wrong[:MOST_SHOWN]]) if judged else None,
        evidence=_places(checks),
        contract=CONTRACT,
        policy={"normaliser": normaliser.stamp},
        counts=_counts(checks),
        reason=None if judged else f"not measurable: {none}",
    )


def _places(checks: list[TurnCheck]) -> list[Evidence]:
    return [turn_evidence(check.turn) for check in checks if check.wrong]


def _counts(checks: list[TurnCheck]) -> dict[str, int | dict[str, list[int]]]:
    right = Counter(entity.kind for check in checks for entity in check.right)
    wrong = Counter(entity.kind for check in checks for entity, _ in check.wrong)
    kinds = {kind: [right[kind], right[kind] + wrong[kind]] for kind in sorted(right | wrong)}
    return {
        "correct": right.total(),
        "mentioned": right.total() + wrong.total(),
        "kinds": kinds,
        "cut_off": sum(len(check.cut_off) for check in checks),
        "unverified": sum(len(check.unverified) for check in checks),
    }
