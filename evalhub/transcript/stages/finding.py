"""Where each stage of a prompt began, by the surest sign there is.

1. The client says so: `stage` among the extras of a turn or call, a call such as `set_stage(stage="verify")`, an agent
   named like the stage. Where a call has such signs, a stage without one was not reached.
2. A function that the stage's text names was called.
3. The agent asked for what the stage is to ask for; it greeted, or said goodbye.
What none of them decides is left open, with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from evalhub.models import Conversation, ToolCall, Turn
from evalhub.transcript.calls.attempts import happened
from evalhub.transcript.calls.schemas import declared_tools
from evalhub.transcript.calls.spelled import comparable
from evalhub.transcript.entities.finding import entities
from evalhub.transcript.entities.known import scalars
from evalhub.transcript.moments import Evidence, Order, call_evidence, turn_evidence
from evalhub.transcript.stages.cues import Question, Role, asked_for, asks, role_of
from evalhub.transcript.words.normalise import ENGLISH, normaliser_for

LAST_TURNS = 3
"""of the agent: where a goodbye is looked for; "thanks for calling" may also open a call"""
STAGE_TOOL = re.compile(r"stage|state|step|phase|transition|node", re.IGNORECASE)


@dataclass(frozen=True)
class Reach:
    """What became of one stage. `reached` is None where code cannot tell."""

    stage: str
    reached: bool | None
    why: str
    turn: Turn | None = None
    """where it began"""
    evidence: tuple[Evidence, ...] = ()
    unasked: bool = False
    """the caller brought it up, so its place in the order is not the agent's choice"""


class StageFinder:
    """One conversation and the stages its prompt describes."""

    def __init__(self, conversation: Conversation, described: dict[str, dict[str, Any]]) -> None:
        self.conversation = conversation
        self.described = described
        self.calls = happened(conversation.tool_calls)
        self.tools = declared_tools(conversation.prompt).keys()
        self.order = Order(conversation)
        self.is_english = normaliser_for(conversation.language) is ENGLISH
        self.told = {stage: sign for stage in described if (sign := self._told(stage))}

    def find(self, stage: str) -> Reach:
        """Where a stage began, or why that is not known."""
        if stage in self.told:
            return self.told[stage]
        if self.told:
            return Reach(stage, False, "the client names the stages, and never this one")
        described = self.described[stage]
        text = " ".join(str(described.get(name) or "") for name in ("description", "instructions"))
        return self._by_call(stage, text) or self._by_words(stage, text)

    def _told(self, stage: str) -> Reach | None:
        for turn in self.conversation.turns:
            if stage in ((turn.extra or {}).get("stage"), turn.agent_name):
                return Reach(stage, True, "the client says so", turn, (turn_evidence(turn),))
        for call in self.calls:
            arguments = call.arguments.values() if isinstance(call.arguments, dict) else ()
            if (call.extra or {}).get("stage") == stage or (STAGE_TOOL.search(call.name) and stage in arguments):
                return self._at_call(stage, call, f"{call.name} says so")
        return None

    def _by_call(self, stage: str, text: str) -> Reach | None:
        named = {name for name in self.tools if re.search(rf"\b{re.escape(name)}\b", text)}
        call = next((call for call in self.calls if call.name in named), None)
        return self._at_call(stage, call, f"{call.name} was called") if call else None

    def _at_call(self, stage: str, call: ToolCall, why: str) -> Reach:
        turn = self.conversation.turn(call.turn_id) or self._turn_before(call)
        return Reach(stage, True, why, turn, (call_evidence(call),))

    def _turn_before(self, call: ToolCall) -> Turn | None:
        before = [turn for turn in self.conversation.turns if self.order.spoken_before(turn, call)]
        return before[-1] if before else None

    def _by_words(self, stage: str, text: str) -> Reach:
        if not self.is_english:
            return Reach(stage, None, f"no words of stages are known for the language {self.conversation.language!r}")
        if role := role_of(stage, text):
            return self._by_role(stage, role)
        if questions := asked_for(text):
            return self._by_questions(stage, questions)
        return Reach(stage, None, "its description names no function and no question by which code could tell")

    def _by_role(self, stage: str, role: Role) -> Reach:
        turns = self.conversation.turns_of("agent")
        for turn in turns[-LAST_TURNS:] if role.at_the_end else turns:
            if re.search(role.shows, _heard(turn).casefold()):
                return Reach(stage, True, f"the agent {role.doing}", turn, (turn_evidence(turn),))
        return Reach(stage, None, f"no words were found with which the agent {role.doing}")

    def _by_questions(self, stage: str, questions: list[tuple[Question, str]]) -> Reach:
        for turn in self.conversation.turns_of("agent"):
            for question, words in questions:
                if asks(question, _heard(turn), words):
                    return Reach(stage, True, f"the agent asks for the {words}", turn, (turn_evidence(turn),))
        wanted = " or ".join(words for _, words in questions)
        if any(not question.answered_by for question, _ in questions):
            return Reach(stage, None, f"no words were found with which the agent asks for the {wanted}")
        return self._by_answer(stage, wanted, {kind for question, _ in questions for kind in question.answered_by})

    def _by_answer(self, stage: str, wanted: str, kinds: set[str]) -> Reach:
        """Nobody asked: the caller may have said it unasked, and the agent may have used it."""
        given = [
            (turn, entity)
            for turn in self.conversation.turns_of("caller")
            for entity in entities(turn.reference_text or turn.text or "", ENGLISH)
            if entity.kind in kinds
        ]
        used = {comparable(value): call for call in reversed(self.calls) for value in scalars(call.arguments)}
        for turn, entity in given:
            if call := used.get(comparable(entity.key)):
                why = f"the caller gave the {wanted} unasked, and {call.name} used it"
                return Reach(stage, True, why, turn, (turn_evidence(turn), call_evidence(call)), unasked=True)
        if given:
            why = f"the agent never asked for the {wanted}, but the caller may have given it unasked"
            return Reach(stage, None, why, evidence=(turn_evidence(given[0][0]),))
        return Reach(stage, False, f"the agent never asked for the {wanted}, and the caller did not give it")


def _heard(turn: Turn) -> str:
    return (turn.text if turn.heard_text is None else turn.heard_text) or ""
