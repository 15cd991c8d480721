"""Where a recording lies in its conversation, when the sender knows the wall clock and not when the conversation began.

What comes later (the first span, a log) may say that the conversation began earlier, so it is placed again each time.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from evalhub.models import Conversation, Recording

STARTED_AT = "recordings_started_at"
"""in the metadata of a conversation: track -> when its first sample was recorded"""


def note_start(session: Session, recording: Recording, started_at: datetime | None) -> None:
    """Remember when this recording began; forget it where an offset says where it lies."""
    if started_at is None and recording.offset_ms is None:
        return
    key = (Conversation.project_id == recording.project_id, Conversation.id == recording.conversation_id)
    conversation = session.scalars(select(Conversation).where(*key).with_for_update()).one()
    session.refresh(conversation, ["meta"])
    known = starts(conversation) | {recording.track: started_at}
    said = {track: moment.isoformat() for track, moment in known.items() if moment}
    if said or STARTED_AT in (conversation.meta or {}):
        conversation.meta = (conversation.meta or {}) | {STARTED_AT: said}


def starts(conversation: Conversation) -> dict[str, datetime | None]:
    """track -> when it began, where that is known."""
    said = (conversation.meta or {}).get(STARTED_AT)
    said = said if isinstance(said, dict) else {}
    return {str(track): moment for track, text in said.items() if (moment := _moment(text))}


def place(conversation: Conversation) -> None:
    """Lay its recordings where they belong."""
    known = starts(conversation)
    for recording in conversation.recordings:
        started_at = known.get(recording.track)
        if started_at and conversation.started_at:
            recording.offset_ms = round((started_at - conversation.started_at).total_seconds() * 1000)


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
