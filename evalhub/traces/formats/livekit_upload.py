"""LiveKit's own upload of a finished session: header, chat history and sound, as the inbox keeps and reads them.

The sound lies in the audio store; the body is the rest as it came: {"header": base64, "chat_history": text or null,
"has_audio"}. Read from `_upload_session_report` of livekit-agents 1.8.9.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from evalhub.errors import BadInput, Problem, Unreadable
from evalhub.traces.bodies import read_json, without_nul
from evalhub.traces.formats.livekit_report import record, unix_ns
from evalhub.traces.formats.livekit_session.header import read_header
from evalhub.traces.formats.loose import mapping
from evalhub.traces.formats.otlp import Decoded

UPLOAD = "livekit_upload"


def encode(header: bytes, chat_history: bytes | None, *, has_audio: bool) -> bytes:
    """The body that the inbox keeps.

    Raises:
        BadInput: one of the parts is not what it should be.
    """
    read_header(header)
    if chat_history is not None:
        read_json(chat_history, [], place="chat_history")
    text = chat_history.decode() if chat_history is not None else None
    return orjson.dumps({"header": base64.b64encode(header).decode(), "chat_history": text, "has_audio": has_audio})


def decode(body: bytes) -> Decoded:
    """The session report in such a body, as a record of the call it tells.

    Raises:
        BadInput: it is none.
    """
    parts = mapping(read_json(body, []))
    try:
        header = read_header(base64.b64decode(str(parts.get("header")), validate=True))
    except binascii.Error as error:
        raise Unreadable("This is no upload of LiveKit.", [Problem("header", "base64", str(error))]) from error
    history = parts.get("chat_history")
    report = _summary(header) | ({"chat_history": read_json(history.encode(), [])} if isinstance(history, str) else {})
    facts = without_nul(_facts(header, has_audio=parts.get("has_audio") is True))
    return Decoded(logs=[record(report | facts)])


def room_of(header: bytes) -> str:
    """The name of the call: the sid of the room, else the job.

    Raises:
        Unreadable: it names neither.
    """
    found = read_header(header)
    return str(found.room_id or found.job_id)


def started_ns(header: bytes) -> int | None:
    """When the sound begins."""
    return unix_ns(_started_s(read_header(header)))


def _started_s(header: Any) -> float:
    return float(header.start_time.seconds + header.start_time.nanos / 1e9)


def _summary(header: Any) -> dict[str, Any]:
    try:
        return mapping(read_json(header.session_summary.encode(), [])) if header.session_summary else {}
    except BadInput:
        return {}  # older and newer releases may write something else here; the history stands on its own


def _facts(header: Any, *, has_audio: bool) -> dict[str, Any]:
    """What the header itself says; the path of the file means nothing here."""
    facts: dict[str, Any] = {"room_id": header.room_id, "job_id": header.job_id, "audio_recording_path": None}
    facts["audio_recording_started_at"] = _started_s(header) if has_audio else None
    facts |= {"duration_ms": header.duration} if header.duration else {}
    facts |= {"room": header.room_name} if header.room_name else {}
    return facts | ({"simulated": True} if header.simulated else {})
