"""Merging what a body said into the stored conversation.

Per field the latest received value wins, what a body leaves out erases nothing, lists merge by item id: all by bulk
upserts in sorted order, so that running twice changes nothing and two workers never lock crosswise.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Text, case, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evalhub.evaluators import digest
from evalhub.models import CONVERSATION_PARTS, Base, Conversation, PromptVersion, Recording, Turn

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


def merge(session: Session, project_id: int, conversation: Conversation) -> None:
    """Write one parsed conversation over what is stored of it."""
    prompt_id = _store_prompt(session, project_id, conversation.prompt)
    _upsert_conversation(session, project_id, conversation, prompt_id)
    for part in CONVERSATION_PARTS:
        rows = getattr(conversation, PART_LISTS[part.__name__])
        upsert_parts(session, part, (_row(item, project_id, conversation.id) for item in rows))
    _declare_recordings(session, project_id, conversation)


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


def upsert_parts(session: Session, part: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    """Bulk upsert of one kind of part; a field that is None keeps what is stored."""
    latest = {tuple(row[key.name] for key in part.__mapper__.primary_key): row for row in rows}
    if latest:
        session.execute(_keeping_known(part), [latest[key] for key in sorted(latest)])


def _keeping_known(part: type[Base]) -> Any:
    statement = insert(part)
    table = part.__table__
    keys = [column.name for column in part.__mapper__.primary_key]
    news: dict[str, Any] = {
        c.name: func.coalesce(statement.excluded[c.name], c) for c in table.columns if c.name not in keys
    }
    if "position" in news:  # what comes in parts stands behind the whole, but moves nothing that stood before
        news["position"] = func.least(table.c.position, statement.excluded.position)
    return statement.on_conflict_do_update(index_elements=keys, set_=news)


def _row(item: Base, project_id: int, conversation_id: str) -> dict[str, Any]:
    fields = {attribute.key: getattr(item, attribute.key) for attribute in type(item).__mapper__.column_attrs}
    return fields | {"project_id": project_id, "conversation_id": conversation_id}


def _store_prompt(session: Session, project_id: int, prompt: PromptVersion | None) -> str | None:
    if prompt is None:
        return None
    names = ("name", "version", "instructions", "voice_style", "stages", "tools")
    content = {name: getattr(prompt, name) for name in names}
    row = content | {"project_id": project_id, "id": digest(content)}
    session.execute(insert(PromptVersion).values(row).on_conflict_do_nothing())
    return str(row["id"])


def _upsert_conversation(session: Session, project_id: int, said: Conversation, prompt_id: str | None) -> None:
    names = {c.name: said.__mapper__.get_property_by_column(c).key for c in Conversation.__table__.columns}
    columns = {name: key for name, key in names.items() if name not in NOT_FROM_BODIES}
    row = {key: getattr(said, key) for key in columns.values()} | {"prompt_id": prompt_id}
    keyed = row | {"project_id": project_id, "id": said.id, "state": "open", "warnings": said.warnings}
    statement = insert(Conversation).values(keyed)
    session.execute(
        statement.on_conflict_do_update(index_elements=["project_id", "id"], set_=_news(statement, columns))
    )


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


def _declare_recordings(session: Session, project_id: int, conversation: Conversation) -> None:
    rows = [_row(recording, project_id, conversation.id) for recording in conversation.recordings]
    upsert_parts(session, Recording, [row | {"path": None} for row in rows])
