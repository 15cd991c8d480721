"""The door for LiveKit's upload of a finished session: header, chat history, and the sound as it streams in."""

from __future__ import annotations

import gzip
from collections.abc import Iterable

from sqlalchemy.orm import Session

from evalhub.errors import Problem, TooLarge, Unreadable
from evalhub.models import Recording
from evalhub.services import Services
from evalhub.storage import Stored
from evalhub.traces import assembly, inbox, lifecycle
from evalhub.traces.aliases import canonical
from evalhub.traces.formats import livekit_upload
from evalhub.traces.receive import MAX_RECORDING_BYTES, check_id, refuse_deleted
from evalhub.traces.recordings import placing
from evalhub.traces.recordings.attach import attach
from evalhub.traces.spans import at

Parts = Iterable[tuple[str, Iterable[bytes]]]
MAX_HEADER, MAX_HISTORY = 4 << 20, 64 << 20
TRACK, CHANNELS, MEDIA_TYPE = "stereo", ["caller", "agent"], "audio/ogg"


def receive_session(services: Services, session: Session, project_id: int, parts: Parts) -> str:
    """Accept an upload part by part; the header comes first. Returns the id of the call it belongs to.

    The sound is durable before this returns, the rest with the caller's commit. Sending it again changes nothing.

    Raises:
        BadInput: a part is not what it should be, too large, or there is no header before the others.
        Conflict: the call was deleted.
    """
    header, history, stored = b"", None, None
    for name, content in parts:
        match name:
            case "header":
                header = _whole(name, content, MAX_HEADER)
                call = _call_of(session, project_id, header)
            case _ if not header:
                raise Unreadable("The header has to come first.", [Problem("body", "part 'header'", repr(name))])
            case "audio":
                stored = services.audio.put(project_id, content, limit=MAX_RECORDING_BYTES)
            case "chat_history":
                history = _whole(name, content, MAX_HISTORY)
            case _:  # newer releases may send more
                _whole(name, content, MAX_HISTORY)
    if not header:
        raise Unreadable("There is no header.", [Problem("body", "part 'header'", "none")])
    has_audio = stored is not None and stored.size > 0
    body = livekit_upload.encode(header, history, has_audio=has_audio)
    assembly.stub(session, project_id, call)
    if stored is not None and has_audio:
        _attach(services, session, Recording(project_id=project_id, conversation_id=call, track=TRACK), stored, header)
    _keep(session, project_id, body)
    return call


def _call_of(session: Session, project_id: int, header: bytes) -> str:
    name = livekit_upload.room_of(header)
    check_id(name)
    call = canonical(session, project_id, name)
    refuse_deleted(session, project_id, call)
    return call


def _attach(services: Services, session: Session, recording: Recording, stored: Stored, header: bytes) -> None:
    recording.channels, recording.media_type = CHANNELS, MEDIA_TYPE
    attach(services, session, recording, stored)
    placing.note_start(session, recording, at(livekit_upload.started_ns(header)))
    lifecycle.touch(session, recording.project_id, recording.conversation_id)
    lifecycle.settle(session, recording.project_id, {recording.conversation_id: False})


def _keep(session: Session, project_id: int, body: bytes) -> None:
    sent = inbox.SentBody(
        format=livekit_upload.UPLOAD,
        body=gzip.compress(body, compresslevel=1),
        encoding="gzip",
        body_bytes=len(body),
        headers={"content-type": "application/json"},
    )
    inbox.accept_spans(session, project_id, sent)


def _whole(name: str, content: Iterable[bytes], limit: int) -> bytes:
    found = bytearray()
    for block in content:
        found += block
        if len(found) > limit:
            raise TooLarge(
                f"Part {name!r} is larger than {limit >> 20} MiB.", [Problem(name, f"<= {limit} bytes", "more")]
            )
    return bytes(found)
