"""Whether what came back from a delegation was spoken correctly: its names, numbers, dates, codes and amounts."""

from __future__ import annotations

from dataclasses import dataclass, field

from evalhub.models import Conversation, ToolCall, Turn
from evalhub.transcript.delegations.finding import Delegation
from evalhub.transcript.entities.comparing import look_for
from evalhub.transcript.entities.finding import Entity, entities
from evalhub.transcript.entities.known import Known, scalars
from evalhub.transcript.words.normalise import Normaliser

TURNS_AFTER = 2
"""of the agent, in which a result is told"""


@dataclass(kw_only=True)
class Spoken:
    """Values of a result in what the agent said next."""

    right: list[Entity] = field(default_factory=list)
    wrong: list[tuple[Turn, Entity, str]] = field(default_factory=list)
    """what was said, and what the result has instead"""


def spoken(conversation: Conversation, delegation: Delegation, normaliser: Normaliser) -> Spoken | None:
    """How the result was told; None where it brought nothing that can be compared, or nobody spoke after it."""
    turns = _turns_after(conversation, delegation)
    found_values = [entity for text in scalars(delegation.result) for entity in entities(text, normaliser)]
    values = list({(one.kind, one.key): one for one in found_values}.values())
    if not turns or not values:
        return None
    said = " . ".join(turn.text or "" for turn in turns)
    found = Spoken(right=[one.entity for one in look_for(values, said, normaliser) if one.right])
    known = Known.of(ToolCall(id="", name="", result=delegation.result), normaliser)
    for turn in turns:
        for entity in entities(turn.text or "", normaliser):
            if meant := known.nearly(entity):
                found.wrong.append((turn, entity, meant))
    return found


def _turns_after(conversation: Conversation, delegation: Delegation) -> list[Turn]:
    done = delegation.end_ms if delegation.end_ms is not None else delegation.start_ms
    if done is None:
        return []
    later = [turn for turn in conversation.turns_of("agent") if turn.start_ms is not None and turn.start_ms >= done]
    return later[:TURNS_AFTER]
