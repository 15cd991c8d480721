"""Merging what a body said into the stored conversation.

Per field the latest received value wins, what a body leaves out erases nothing, lists merge by item id: all by bulk
upserts in sorted order, so that running twice changes nothing and two workers never lock crosswise.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Text, case, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from evalhub.evaluators import digest
from evalhub.models import CONVERSATION_PARTS, Base, Conversation, PromptVersion, Recording, Turn
from evalhub.traces.bulk import json_text, write

MERGED_OBJECTS = {"metadata", "outcome", "models"}
"""JSON columns that merge key by key instead of being replaced"""
NOT_FROM_BODIES = frozenset(
    {"project_id", "id", "state", "part_hashes", "derived", "end_reason", "touched_at", "created_at", "warnings"}
)
PART_LISTS = {
    "Turn": "turns",
    "ToolCall": "tool_calls",
    "Handoff": "handoffs",
    "GuardrailTrip": "guardrail_trips",
    "StageTiming": "stage_timings",
    "Usage": "usage",
    "Feedback": "feedback",
    "Span": "spans",
}


def merge(session: Session, project_id: int, conversations: Sequence[Conversation], *, are_whole: bool = False) -> None:
    """Write parsed conversations, each once, over what is stored of them: the same few statements for any number.

    Args:
        are_whole: they were read from all that came until now, so their order is the order; what an earlier reading of
            less put somewhere else moves.
    """
    prompts = _store_prompts(session, project_id, conversations)
    said = [_said(one, project_id, prompts.get(one.id)) for one in sorted(conversations, key=lambda one: one.id)]
    session.execute(_conversation_upsert(), said)
    for part in CONVERSATION_PARTS:
        rows = _rows(project_id, conversations, part, PART_LISTS[part.__name__])
        upsert_parts(session, part, rows, moves=are_whole)
    declared = _rows(project_id, conversations, Recording, "recordings")
    upsert_parts(session, Recording, (row | {"path": None} for row in declared))


def leave_known(session: Session, project_id: int, conversation: Conversation) -> None:
    """Of what a bystander says, forget what somebody else told before: the call's times, who called, which agent, and
    the turns, which it knows less of."""
    names = ("started_at", "ended_at", "duration_ms", "user_id", "agent_name", "channel", "outcome")
    columns = [getattr(Conversation, name) for name in names]
    key = (Conversation.project_id == project_id, Conversation.id == conversation.id)
    stored = session.execute(select(*columns).where(*key)).one_or_none()
    for name, value in zip(names, stored or (), strict=False):
        if value is not None:
            setattr(conversation, name, None)
    own = [turn.id for turn in conversation.turns]
    theirs = (Turn.project_id == project_id, Turn.conversation_id == conversation.id, Turn.id.not_in(own))
    if session.scalar(select(Turn.id).where(*theirs).limit(1)) is not None:
        conversation.turns = []


def stub(session: Session, project_id: int, conversation_id: str) -> None:
    """Make sure the conversation is there, so that whatever belongs to it can come in any order."""
    row = {"project_id": project_id, "id": conversation_id, "state": "received"}
    session.execute(insert(Conversation).values(row).on_conflict_do_nothing())


def upsert_parts(session: Session, part: type[Base], rows: Iterable[dict[str, Any]], *, moves: bool = False) -> None:
    """Bulk upsert of one kind of part; a field that is None keeps what is stored."""
    table: Any = part.__table__
    keys, columns = table.primary_key.columns.keys(), tuple(table.columns.keys())
    latest = {tuple(row[key] for key in keys): row for row in rows}
    packed = _json_columns(part)
    ordered = [tuple(_stored(latest[key], name, packed) for name in columns) for key in sorted(latest)]
    write(session, table.name, columns, ordered, _keeping_known(part, moves))


def _stored(row: Mapping[str, Any], name: str, packed: Container[str]) -> Any:
    value = row[name]
    return json_text(value) if value is not None and name in packed else value


@cache
def _keeping_known(part: Any, moves: bool) -> str:
    """The SQL after `on conflict`: what is left out erases nothing."""
    table = part.__table__
    keys, columns = table.primary_key.columns.keys(), table.columns.keys()
    news = {name: f"coalesce(excluded.{name}, {table.name}.{name})" for name in columns if name not in keys}
    if "position" in news and not moves:  # what comes in parts stands behind the whole, but moves nothing before it
        news["position"] = f"least({table.name}.position, excluded.position)"
    return f"({', '.join(keys)}) do update set {', '.join(f'{name} = {new}' for name, new in news.items())}"


@cache
def _json_columns(part: Any) -> frozenset[str]:
    return frozenset(column.name for column in part.__table__.columns if isinstance(column.type, JSONB))


def _rows(
    project_id: int, conversations: Iterable[Conversation], part: type[Base], listed: str
) -> Iterable[dict[str, Any]]:
    names = [attribute.key for attribute in part.__mapper__.column_attrs]
    for conversation in conversations:
        owner = {"project_id": project_id, "conversation_id": conversation.id}
        for item in getattr(conversation, listed):
            yield {name: getattr(item, name) for name in names} | owner


def _store_prompts(session: Session, project_id: int, conversations: Iterable[Conversation]) -> dict[str, str]:
    """The id of the prompt of each conversation that has one."""
    names = ("name", "version", "instructions", "voice_style", "stages", "tools")
    prompts = {one.id: {name: getattr(one.prompt, name) for name in names} for one in conversations if one.prompt}
    ids = {conversation_id: digest(content) for conversation_id, content in prompts.items()}
    rows = {ids[one]: content | {"project_id": project_id, "id": ids[one]} for one, content in prompts.items()}
    if rows:
        session.execute(insert(PromptVersion).on_conflict_do_nothing(), [rows[key] for key in sorted(rows)])
    return ids


@cache
def _said_columns() -> dict[str, str]:
    """Columns of a conversation that bodies fill, each with its attribute."""
    mapper = Conversation.__mapper__
    names = {column.name: mapper.get_property_by_column(column).key for column in Conversation.__table__.columns}
    return {name: key for name, key in names.items() if name not in NOT_FROM_BODIES}


def _said(conversation: Conversation, project_id: int, prompt_id: str | None) -> dict[str, Any]:
    row = {key: getattr(conversation, key) for key in _said_columns().values()} | {"prompt_id": prompt_id}
    return row | {
        "project_id": project_id,
        "id": conversation.id,
        "state": "open",
        "warnings": conversation.warnings,
    }


@cache
def _conversation_upsert() -> Any:
    statement = insert(Conversation)
    news = _news(statement, _said_columns())
    return statement.on_conflict_do_update(index_elements=["project_id", "id"], set_=news)


def _news(statement: Any, columns: Iterable[str]) -> dict[str, Any]:
    table, excluded = Conversation.__table__, statement.excluded
    news: dict[str, Any] = {name: func.coalesce(excluded[name], table.c[name]) for name in columns}
    for name in MERGED_OBJECTS:
        news[name] = func.coalesce(table.c[name].op("||")(excluded[name]), excluded[name], table.c[name])
    news["metadata"] = _with_extra(news["metadata"], table.c["metadata"], excluded["metadata"])
    said_before = table.c.warnings.contains(excluded.warnings)
    both = func.coalesce(table.c.warnings.op("||")(excluded.warnings), excluded.warnings, table.c.warnings)
    news["warnings"] = case((said_before, table.c.warnings), else_=both)
    news["state"] = func.coalesce(func.nullif(table.c.state, "received"), excluded.state)
    return news | {"touched_at": func.now()}


def _with_extra(merged: Any, stored: Any, said: Any) -> Any:
    """Unknown fields lie one level deeper, and merge there too."""
    path = literal(["extra"], ARRAY(Text))
    extra = stored["extra"].op("||")(said["extra"])
    return case((extra.is_not(None), func.jsonb_set(merged, path, extra)), else_=merged)
