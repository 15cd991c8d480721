"""What evaluators read of a conversation, and its hash per part: late data re-evaluates only what reads it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from evalhub.db import one_of
from evalhub.evaluators import Evaluator, digest
from evalhub.models import Conversation, PromptVersion

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


def load_many(session: Session, project_id: int, ids: Collection[str]) -> list[Conversation]:
    """The same of many conversations of a project, in the same number of queries; deleted ones are left out.

    One array per query, not an expanded list of keys: parsing those took longer than reading the rows.
    """
    ours = select(Conversation).filter_by(project_id=project_id).where(one_of(Conversation.id, ids))
    found = {one.id: one for one in session.scalars(ours.execution_options(populate_existing=True))}
    for part in LOADED:
        if part != "prompt":
            _attach(session, project_id, found, part)
    wanted = [one.prompt_id for one in found.values() if one.prompt_id]
    prompts = select(PromptVersion).filter_by(project_id=project_id)
    known = {p.id: p for p in session.scalars(prompts.where(one_of(PromptVersion.id, wanted)))}
    for one in found.values():
        set_committed_value(one, "prompt", known.get(one.prompt_id or ""))
    return list(found.values())


def _attach(session: Session, project_id: int, found: dict[str, Conversation], part: str) -> None:
    """Load one kind of part of all these conversations, in the order its relationship has."""
    relation: Any = getattr(Conversation, part).property
    kind = relation.mapper.class_
    query = select(kind).filter_by(project_id=project_id).where(one_of(kind.conversation_id, found))
    parts: dict[str, list[Any]] = {name: [] for name in found}
    for row in session.scalars(query.order_by(*relation.order_by or ()).execution_options(populate_existing=True)):
        parts[row.conversation_id].append(row)
    for name, rows in parts.items():
        set_committed_value(found[name], part, rows)


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
