"""Whether the caller agreed in words before a call was made: a rule, on the caller's turns after the agent's question.

Read backwards from the call: the agent's last question that the caller answered with a yes or a no decides. Answers
that are neither (an address, a date) and the closing "anything else?" are passed over. An offer answered by naming
what was offered ("A repair, or a return?" "A repair") is left to a reader. What the caller did not hear of a question
counts as not asked; a backchannel ("mm-hmm" while the agent speaks) is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from evalhub.models import Conversation, ToolCall, Turn
from evalhub.transcript.calls import agreement
from evalhub.transcript.moments import Evidence, Order, at, turn_evidence
from evalhub.transcript.words.normalise import lowered

NO_ANSWER = ("backchannel", "tic", "side_speech", "noise", "dtmf")
ASKS = (
    r"\?|\b(?:shall i|should i|may i|can i|would you like|do you want"
    r"|is (?:that|this|it) (?:right|correct|ok|okay|fine)|please confirm|can you confirm|say yes)\b"
)
OFFERS = r"\b(?:would you like|do you want|do you prefer|would you prefer|shall i|should i)\b"
CLOSING = r"\b(?:anything|something) else\b|\bother questions?\b"
COMMON = frozenset(
    {"would", "like", "want", "prefer", "shall", "should", "that", "this", "with", "your", "have", "please"}
)


@dataclass(frozen=True)
class Consent:
    """Whether the caller agreed before a call, why we think so, and the words it rests on."""

    agreed: bool | None
    """None where a rule cannot tell"""
    why: str
    evidence: list[Evidence] = field(default_factory=list)


def consent(conversation: Conversation, call: ToolCall, order: Order) -> Consent:
    """Whether the caller agreed in words before this call."""
    language = (conversation.language or "en").lower()
    unknown = f"whether the caller agreed before {call.name} is not known:"
    if not agreement.known(language):
        return Consent(None, f"{unknown} no words of agreement for the language {language!r}")
    if conversation.turns and order.spoken_before(conversation.turns[0], call) is None:
        return Consent(None, f"{unknown} the call has no time and no turn")
    earlier = [turn for turn in conversation.turns if order.spoken_before(turn, call)]
    decisions = (_decide(question, answers, language) for question, answers in _exchanges(earlier))
    none = Consent(False, f"{call.name}{at(call.start_ms)}: no agreement of the caller was heard before it")
    return next((decision for decision in decisions if decision), None) or _choice(earlier) or none


def _exchanges(turns: list[Turn]) -> Iterator[tuple[Turn, list[Turn]]]:
    """The agent's questions and what the caller said until the next one, the last question first."""
    answers: list[Turn] = []
    for turn in reversed(turns):
        if turn.speaker == "caller" and turn.kind not in NO_ANSWER:
            answers.insert(0, turn)
        elif turn.speaker == "agent" and re.search(ASKS, _heard(turn)):
            if not re.search(CLOSING, _heard(turn)):
                yield turn, answers
            answers = []


def _decide(question: Turn, answers: list[Turn], language: str) -> Consent | None:
    evidence = [turn_evidence(turn) for turn in (question, *answers)]
    for turn in answers:
        if agreement.refuses(turn.text, language):
            return Consent(False, f"the caller did not agree{at(turn.start_ms)}: {turn.text!r}", evidence)
    for turn in answers:
        if agreement.agrees(turn.text, language):
            return Consent(True, f"the caller agreed{at(turn.start_ms)}: {turn.text!r}", evidence)
    return None


def _choice(earlier: list[Turn]) -> Consent | None:
    """The last question, where it is an offer that the caller answered by naming what was offered."""
    question, answers = next(_exchanges(earlier), (None, []))
    if question is None or not re.search(OFFERS, _heard(question)):
        return None
    for turn in answers:
        if _named(_heard(question)) & _named(lowered(turn.reference_text or turn.text or "")):
            why = f"whether the caller agreed{at(turn.start_ms)} needs reading: {turn.text!r}"
            return Consent(None, why, [turn_evidence(question), turn_evidence(turn)])
    return None


def _named(said: str) -> set[str]:
    """The longer words: what an offer or a choice is about."""
    return set(re.findall(r"[^\W\d_]{4,}", said)) - COMMON


def _heard(turn: Turn) -> str:
    return lowered((turn.text if turn.heard_text is None else turn.heard_text) or "")
