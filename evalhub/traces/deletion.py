"""Deleting a conversation with everything that belongs to it: rows, bodies in the inbox, labels, sound."""

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evalhub.errors import NotFound
from evalhub.models import Conversation, Deletion, InboxItem, Recording
from evalhub.traces.recordings.forget import doom


def delete_conversation(session: Session, project_id: int, conversation_id: str, *, by: str) -> None:
    """Delete a conversation. Its sound goes once the deletion is committed, unless another call uses the same.

    Raises:
        NotFound: there is no such conversation in this project.
    """
    ours = (Recording.project_id == project_id, Recording.conversation_id == conversation_id)
    hashes = {sha256 for sha256 in session.scalars(select(Recording.sha256).where(*ours)) if sha256}
    gone = delete(Conversation).where(Conversation.project_id == project_id, Conversation.id == conversation_id)
    if session.execute(gone.returning(Conversation.id)).first() is None:
        raise NotFound(f"There is no conversation {conversation_id!r} in this project.")
    bodies = delete(InboxItem).where(InboxItem.project_id == project_id, InboxItem.conversation_id == conversation_id)
    session.execute(bodies)
    row = {"project_id": project_id, "conversation_id": conversation_id, "deleted_by": by}
    session.execute(insert(Deletion).values(row).on_conflict_do_nothing())
    doom(session, project_id, hashes)
