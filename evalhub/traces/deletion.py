"""Deleting a conversation with everything that belongs to it: rows, bodies in the inbox, labels, sound."""

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evalhub.errors import NotFound
from evalhub.models import Conversation, ConversationAlias, Deletion, InboxItem, Recording, Trace
from evalhub.traces.recordings.forget import doom


def delete_conversation(session: Session, project_id: int, conversation_id: str, *, by: str) -> None:
    """Delete a conversation. Its sound goes once the deletion is committed, unless another call uses the same.

    A raw body that also speaks of other calls goes too; what was read from it for those stays.

    Raises:
        NotFound: there is no such conversation in this project.
    """
    names = {conversation_id, *_other_names(session, project_id, conversation_id)}
    ours = (Recording.project_id == project_id, Recording.conversation_id == conversation_id)
    hashes = {sha256 for sha256 in session.scalars(select(Recording.sha256).where(*ours)) if sha256}
    gone = delete(Conversation).where(Conversation.project_id == project_id, Conversation.id == conversation_id)
    if session.execute(gone.returning(Conversation.id)).first() is None:
        raise NotFound(f"There is no conversation {conversation_id!r} in this project.")
    among_others = InboxItem.conversation_ids.contains([conversation_id])
    speaks_of_it = (InboxItem.conversation_id == conversation_id) | among_others
    session.execute(delete(InboxItem).where(InboxItem.project_id == project_id, speaks_of_it))
    rows = [{"project_id": project_id, "conversation_id": name, "deleted_by": by} for name in sorted(names)]
    session.execute(insert(Deletion).on_conflict_do_nothing(), rows)
    doom(session, project_id, hashes)


def _other_names(session: Session, project_id: int, conversation_id: str) -> Iterable[str]:
    """Its traces and session keys: spans that come late under one of them do not bring it back."""
    of_it = {"project_id": project_id, "conversation_id": conversation_id}
    aliases = select(ConversationAlias.alias).filter_by(**of_it)
    return session.scalars(aliases.union(select(Trace.trace_id).filter_by(**of_it))).all()
