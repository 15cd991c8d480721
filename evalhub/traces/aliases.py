"""The other names of a conversation: ids of its traces, and session keys that were not chosen as its id.

A conversation that stood under such a name, and has no trace left, is taken in by the one that the name now means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from evalhub.db import ask_for, one_of
from evalhub.models import Conversation, ConversationAlias, Label, QueueItem, Trace
from evalhub.traces.recordings import placing

ALSO = text("""
insert into conversation_alias (project_id, alias, conversation_id)
select :project, * from unnest(cast(:aliases as text[]), cast(:names as text[]))
on conflict do nothing
""")
CARRY_STARTS = text("""
update conversation as mine set metadata = coalesce(mine.metadata, '{}') || jsonb_build_object(
  cast(:name as text), coalesce(mine.metadata -> :name, '{}') || (theirs.metadata -> :name))
from conversation as theirs
where mine.project_id = :project and mine.id = :new
  and theirs.project_id = :project and theirs.id = :old and theirs.metadata -> :name is not null
""")
"""when the recordings that are carried over began"""

READ_AGAIN = text("""
update inbox set conversation_id = :new, attempt = 0, state = case state when 'parsed' then 'waiting' else state end
where project_id = :project and conversation_id = :old
""")
"""bodies that came under the other name: what was made of them went away, or nothing was yet"""


def canonical(session: Session, project_id: int, name: str) -> str:
    """The id of the conversation that goes by this name; the name itself where nobody knows it."""
    alias = select(ConversationAlias.conversation_id).filter_by(project_id=project_id, alias=name)
    return session.scalar(alias) or name


def aliases_of(session: Session, project_id: int, names: Iterable[str]) -> dict[str, str]:
    """The conversation of each of these names that is an alias."""
    query = select(ConversationAlias.alias, ConversationAlias.conversation_id)
    query = query.where(ConversationAlias.project_id == project_id, one_of(ConversationAlias.alias, names))
    return {row.alias: row.conversation_id for row in session.execute(query)}


def rename(session: Session, project_id: int, others: Mapping[str, str]) -> None:
    """Other names become aliases; a conversation that stood under one of them, and has no trace left, is taken in.

    One that has traces of its own keeps its name: behind an alias nobody would find it.
    """
    if not others:
        return
    standing = _standing(session, project_id, others)
    for name in (name for name, is_traced in standing.items() if not is_traced):
        take_in(session, project_id, name, others[name])
    if aliases := sorted(name for name in others if not standing.get(name)):
        calls = [others[alias] for alias in aliases]
        session.execute(ALSO, {"project": project_id, "aliases": aliases, "names": calls})


def also_known(session: Session, project_id: int, conversation_id: str, names: Iterable[str]) -> None:
    """Let a call be found by other names of it, and take in what stands under one of them."""
    others = {name: conversation_id for name in names if name != conversation_id}
    if not others:
        return
    taken = aliases_of(session, project_id, [conversation_id, *others])
    rename(session, project_id, {name: call for name, call in others.items() if name not in taken})


def _standing(session: Session, project_id: int, names: Iterable[str]) -> dict[str, bool]:
    """Which of these conversations there are, each with whether it has traces."""
    traced = select(Trace.trace_id).where(Trace.project_id == project_id, Trace.conversation_id == Conversation.id)
    there = select(Conversation.id, traced.exists().label("is_traced")).order_by(Conversation.id)
    rows = session.execute(there.where(Conversation.project_id == project_id, Conversation.id.in_(sorted(names))))
    return {row.id: row.is_traced for row in rows}


def take_in(session: Session, project_id: int, old: str, new: str) -> None:
    """Everything that people or senders put on a conversation goes over to another; what was derived goes away.

    Bodies of it are read again, into the other.
    """
    key = {"project": project_id, "old": old, "new": new}
    session.execute(READ_AGAIN, key)  # first, as whoever reads them locks them first
    ask_for(session, "parse_inbox")
    for table, identity in (
        ("recording", "track"),
        ("recording_fetch", "track"),
        ("feedback", "id"),
        ("span_log", "id"),
    ):
        session.execute(text(_carry(table, identity)), key)
    session.execute(text(_carry("queue_item", "queue_id")), key)
    session.execute(CARRY_STARTS, key | {"name": placing.STARTED_AT})
    aliases = update(ConversationAlias).filter_by(project_id=project_id, conversation_id=old)
    session.execute(aliases.values(conversation_id=new))
    if not _has_labels(session, project_id, old):
        session.execute(delete(Conversation).where(Conversation.project_id == project_id, Conversation.id == old))


def _carry(table: str, identity: str) -> str:
    """Moves rows unless the other conversation has one of the same identity."""
    return f"""
    update {table} as mine set conversation_id = :new
    where mine.project_id = :project and mine.conversation_id = :old and not exists (
      select 1 from {table} as theirs where theirs.project_id = :project
        and theirs.conversation_id = :new and theirs.{identity} = mine.{identity})"""  # noqa: S608  names of our own


def _has_labels(session: Session, project_id: int, conversation_id: str) -> bool:
    """People's answers that could not go along (both calls are in the same queue) are not thrown away."""
    item: Any = (QueueItem.project_id == Label.project_id) & (QueueItem.id == Label.item_id)
    ours = (QueueItem.project_id == project_id, QueueItem.conversation_id == conversation_id)
    return session.scalar(select(Label.id).join(QueueItem, item).where(*ours).limit(1)) is not None
