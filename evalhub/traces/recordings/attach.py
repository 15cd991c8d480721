"""Tying stored sound to a conversation's track."""

import io
import wave
from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evalhub.db import ask_for
from evalhub.errors import Conflict
from evalhub.models import Recording
from evalhub.services import Services
from evalhub.storage import Stored
from evalhub.traces.formats import ParsedAudio
from evalhub.traces.recordings.forget import doom, hold

DEFAULT_CHANNELS = {"caller": ["caller"], "agent": ["agent"], "stereo": ["caller", "agent"], "mixed": ["mixed"]}
TRACKS = tuple(DEFAULT_CHANNELS)


def attach(
    services: Services,
    session: Session,
    recording: Recording,
    stored: Stored,
) -> bool:
    """Point `recording` (project, conversation and track say which) at these bytes and ask for them to be read.

    Returns:
        Whether that is news: False where the track had these bytes already.

    Raises:
        Conflict: the bytes were deleted at this very moment; sending them again works.
    """
    hold(session, recording.project_id, stored.sha256)
    if not services.audio.path(recording.project_id, stored.sha256).exists():
        raise Conflict("This recording was being deleted while it came in. Send it again.")
    key = (recording.project_id, recording.conversation_id, recording.track)
    before = session.get(Recording, key)
    replaced = before.sha256 if before else None
    _point(session, recording, stored)
    if replaced != stored.sha256:
        ask_for(session, "analyse_recording", project_id=recording.project_id, sha256=stored.sha256)
        doom(session, recording.project_id, [replaced] if replaced else [])
    return replaced != stored.sha256


def _point(session: Session, recording: Recording, stored: Stored) -> None:
    names = ("channels", "offset_ms", "media_type", "declared_rate", "declared_encoding")
    said = {name: getattr(recording, name) for name in names if getattr(recording, name) is not None}
    news: dict[str, Any] = said | {"sha256": stored.sha256, "size_bytes": stored.size, "received_at": func.now()}
    keys = {name: getattr(recording, name) for name in ("project_id", "conversation_id", "track")}
    defaults = {"channels": DEFAULT_CHANNELS[recording.track], "offset_ms": 0}
    statement = insert(Recording).values(defaults | news | keys)
    session.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=news))


def attach_parsed(services: Services, session: Session, project_id: int, audio: ParsedAudio) -> None:
    """Store sound that came inside a body, as the recording of its track."""
    stored = services.audio.put(project_id, [_wav(audio.data, audio.rate) if audio.rate else audio.data])
    recording = Recording(
        project_id=project_id,
        conversation_id=audio.conversation_id,
        track=audio.track,
        offset_ms=audio.offset_ms,
    )
    attach(services, session, recording, stored)


def _wav(samples: bytes, rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples)
    return file.getvalue()
