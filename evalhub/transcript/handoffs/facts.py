"""The facts of one hand-off: names, numbers, dates, codes and amounts before it, in its summary, and after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from evalhub.models import Conversation, Handoff, Turn
from evalhub.transcript.calls.attempts import happened
from evalhub.transcript.entities.comparing import look_for
from evalhub.transcript.entities.finding import Entity, entities
from evalhub.transcript.entities.known import Known
from evalhub.transcript.stages.cues import QUESTIONS, Question, asks, named
from evalhub.transcript.words.normalise import ENGLISH, Normaliser, normaliser_for

TURNS_AFTER = 3
"""of the agent who takes over: asked within these counts as asked again"""


@dataclass(kw_only=True)
class Carried:
    """What became of the facts at one hand-off."""

    handoff: Handoff
    before: list[Turn]
    after: list[Turn]
    kept: list[Entity] = field(default_factory=list)
    lost: list[tuple[Entity, Turn]] = field(default_factory=list)
    """stated by the caller before, and not in the summary; with where it was said"""
    invented: list[Entity] = field(default_factory=list)
    """in the summary, and nobody said it and no tool gave it"""
    asked_again: list[tuple[Turn, str]] = field(default_factory=list)
    """turns that ask for what the caller had told already, and what that is"""


def carried(conversation: Conversation, handoff: Handoff) -> Carried | None:
    """What a hand-off carried over; None where its time is not known, and so what came before it."""
    if handoff.at_ms is None:
        return None
    before = [turn for turn in conversation.turns if turn.start_ms is not None and turn.start_ms < handoff.at_ms]
    after = [turn for turn in conversation.turns if turn.start_ms is not None and turn.start_ms >= handoff.at_ms]
    found = Carried(handoff=handoff, before=before, after=after)
    normaliser = normaliser_for(conversation.language)
    if handoff.summary:
        _compare_summary(found, _known_before(conversation, handoff, normaliser), normaliser)
    found.asked_again = list(_asked_again(found, normaliser))
    return found


def _said(turn: Turn) -> str:
    return turn.reference_text or turn.text or ""


def _compare_summary(found: Carried, known: Known, normaliser: Normaliser) -> None:
    summary = found.handoff.summary or ""
    seen: set[tuple[str, str]] = set()
    for turn in found.before:
        stated = _facts(_said(turn), normaliser) if turn.speaker == "caller" else []
        for one in look_for(stated, summary, normaliser):
            if (one.entity.kind, one.entity.key) not in seen:
                seen.add((one.entity.kind, one.entity.key))
                if one.right:
                    found.kept.append(one.entity)
                else:
                    found.lost.append((one.entity, turn))
    said = " . ".join(_said(turn) for turn in found.before)
    told = look_for(_facts(summary, normaliser), said, normaliser)
    agents = f"{found.handoff.from_agent} {found.handoff.to_agent}".casefold()
    found.invented = [
        one.entity for one in told if not one.right and not known.has(one.entity) and one.entity.key not in agents
    ]


def _facts(text: str, normaliser: Normaliser) -> list[Entity]:
    """What would be missed: a bare number of one digit ("a tent for two") is none."""
    return [one for one in entities(text, normaliser) if one.kind != "number" or len(one.key) > 1]


def _known_before(conversation: Conversation, handoff: Handoff, normaliser: Normaliser) -> Known:
    known = Known()
    for call in happened(conversation.tool_calls):
        if call.start_ms is None or handoff.at_ms is None or call.start_ms <= handoff.at_ms:
            known.add(Known.of(call, normaliser))
    return known


def _asked_again(found: Carried, normaliser: Normaliser) -> Iterator[tuple[Turn, str]]:
    """Turns of the new agent that ask for what the caller had told, or make the caller say it again."""
    told = list(_told(found.before, normaliser))
    stated = {(e.kind, e.key) for turn in found.before if turn.speaker == "caller" for e in _codes(turn, normaliser)}
    for turn, answer in _questions(found.after):
        answers = [(None, "", one) for one in _codes(answer, normaliser) if (one.kind, one.key) in stated]
        for question, words, entity in [*told, *answers]:
            is_same = question is None or (
                asks(question, turn.text or "") and _alike(words, named(question, turn.text or ""))
            )
            if is_same and not look_for([entity], turn.text or "", normaliser)[0].right:  # reading back is no asking
                yield turn, entity.said
                break


def _told(before: list[Turn], normaliser: Normaliser) -> Iterator[tuple[Question | None, str, Entity]]:
    """What the caller told when the agent asked for it, and how the agent called it."""
    for asked, answer in pairwise(before):
        given = entities(_said(answer), normaliser) if (asked.speaker, answer.speaker) == ("agent", "caller") else ()
        for question in QUESTIONS if normaliser is ENGLISH else ():
            fitting = [one for one in given if one.kind in question.answered_by]
            if fitting and question.identifies and asks(question, asked.text or ""):
                yield question, named(question, asked.text or ""), fitting[0]


def _questions(after: list[Turn]) -> list[tuple[Turn, Turn | None]]:
    """The first turns of the agent who took over, each with what the caller said next."""
    own = [index for index, turn in enumerate(after) if turn.speaker == "agent"][:TURNS_AFTER]
    following = [next((turn for turn in after[index:] if turn.speaker == "caller"), None) for index in own]
    return [
        (after[index], answer) for index, answer in zip(own, following, strict=True) if "?" in (after[index].text or "")
    ]


def _codes(turn: Turn | None, normaliser: Normaliser) -> list[Entity]:
    return [one for one in entities(_said(turn), normaliser) if one.kind in ("code", "name")] if turn else []


def _alike(words: str, other: str) -> bool:
    return not words or not other or words == other
