"""What evaluators read of a conversation, and its hash per part: late data re-evaluates only what reads it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from evalhub.evaluators import Evaluator, digest
from evalhub.models import Conversation

LOADED = ("turns", "tool_calls", "handoffs", "guardrail_trips", "stage_timings", "usage", "recordings", "prompt")
FACTS = ("started_at", "ended_at", "language", "architecture", "channel", "agent_name", "agent_version", "end_state")
HIDDEN = {"project_id", "conversation_id", "position"}


def load(session: Session, project_id: int, conversation_id: str) -> Conversation:
    """A conversation with every part an evaluator may read: a fixed number of queries, no spans.

    Raises:
        sqlalchemy.exc.NoResultFound: it was deleted meanwhile.
    """
    loads = [selectinload(getattr(Conversation, part)) for part in LOADED]
    query = select(Conversation).options(*loads).execution_options(populate_existing=True)
    return session.scalars(query.filter_by(project_id=project_id, id=conversation_id)).one()


def part_hashes(conversation: Conversation) -> dict[str, str]:
    """A hash per part an evaluator may name in `reads`."""
    content: dict[str, Any] = {
        "facts": {name: getattr(conversation, name) for name in FACTS},
        "expectations": conversation.expectations,
        "voiced": conversation.voiced,
        "prompt": conversation.prompt_id,
        "recordings": [(r.track, r.sha256, r.channels, r.offset_ms) for r in conversation.recordings],
        "turns": [_fields(part) for part in (*conversation.turns, *conversation.stage_timings)],
        "tool_calls": [_fields(call) for call in conversation.tool_calls],
        "usage": [_fields(row) for row in conversation.usage],
        "handoffs": [_fields(handoff) for handoff in conversation.handoffs],
    }
    return {part: digest(value) for part, value in content.items()}


def content_hash(conversation: Conversation, evaluator: Evaluator) -> str:
    """Hash over the parts this evaluator reads."""
    hashes = conversation.part_hashes or {}
    return digest({part: hashes.get(part) for part in evaluator.reads})


def _fields(part: Any) -> dict[str, Any]:
    return {a.key: getattr(part, a.key) for a in type(part).__mapper__.column_attrs if a.key not in HIDDEN}
