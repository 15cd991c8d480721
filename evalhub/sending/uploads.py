"""What is sent of a loaded file: the conversation, its recordings, and that it is over."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from evalhub.errors import BadInput, Problem
from evalhub.models import Recording
from evalhub.offline import Loaded
from evalhub.sending.server import BLOCK, Server
from evalhub.traces.formats import native, openai_realtime

CONVERSATIONS = "/api/v1/conversations"
PART_BYTES = 32 << 20
MEDIA_TYPES = {
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".webm": "audio/webm",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".pb": "application/x-protobuf",
}


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A conversation that is in: its id, its page, and what the server found odd."""

    id: str
    url: str
    warnings: list[str] = field(default_factory=list)


def send(server: Server, one: Loaded) -> list[Sent]:
    """Send one loaded conversation (or, in formats that hold several, the whole file it came from).

    Raises:
        BadInput: the server refuses it.
        SetupError: the server cannot be reached or does not know the key.
    """
    match one.format:
        case native.NAME:
            return [_send_native(server, one, one.body, is_over=one.conversation.ended_at is not None)]
        case openai_realtime.NAME:
            return [_send_realtime(server, one)]
        case "audio":
            one.conversation.id = _id_of_sound(one.source)
            body = orjson.dumps({"id": one.conversation.id, "origin": one.conversation.origin})
            return [_send_native(server, one, body, is_over=False)]
        case _:
            return _import(server, one)


def size_of(one: Loaded) -> int:
    """How many bytes `send` will send, for a progress bar."""
    return (
        len(one.body)
        + sum(map(len, one.bodies))
        + sum(Path(recording.path).stat().st_size for recording in _here(one) if recording.path)
    )


def name_channels(one: Loaded, names: list[str]) -> None:
    """Say who is on the channels of a bare recording.

    Raises:
        BadInput: it has another number of channels.
    """
    [recording] = one.conversation.recordings
    if len(names) != len(recording.channels or []):
        count = len(recording.channels or [])
        raise BadInput(f"{one.source}: other channels.", [Problem("--channels", f"{count} names", ",".join(names))])
    recording.channels = list(names)
    recording.track = names[0] if len(names) == 1 else "stereo"


def _send_native(server: Server, one: Loaded, body: bytes, *, is_over: bool) -> Sent:
    sent = _sent(server.post(CONVERSATIONS, body))
    for recording in _here(one):
        _put(server, one.conversation.id, recording)
    if not is_over:
        server.post(f"{_url(one.conversation.id)}/end", b"{}")
    return sent


def _send_realtime(server: Server, one: Loaded) -> Sent:
    answers = [server.post(f"{_url(one.conversation.id)}/realtime-events", part) for part in _parts(one.body)]
    server.post(f"{_url(one.conversation.id)}/end", b"{}")
    return _sent(answers[-1])


def _parts(body: bytes) -> Iterator[bytes]:
    """A long log in pieces of whole lines."""
    while len(body) > PART_BYTES and (cut := body.rfind(b"\n", 0, PART_BYTES)) > 0:
        yield body[:cut]
        body = body[cut + 1 :]
    yield body


def _import(server: Server, one: Loaded) -> list[Sent]:
    media_type = MEDIA_TYPES.get(one.source.suffix.lower(), "application/octet-stream")
    found: dict[str, Sent] = {}
    for body in one.bodies or ([one.body] if one.body else []):
        answer = server.post("/api/v1/import", body, media_type)
        found |= {sent.id: sent for sent in map(_sent, answer.get("conversations", []))}
    for recording in one.beside:
        _put(server, recording.conversation_id, recording)
    return [*found.values()]


def _put(server: Server, conversation_id: str, recording: Recording) -> None:
    path = Path(str(recording.path))
    params = {
        "channels": ",".join(recording.channels or []),
        "offset_ms": recording.offset_ms,
        "rate": recording.declared_rate,
        "encoding": recording.declared_encoding,
    }
    headers = {
        "Content-Type": MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream"),
        "Content-Digest": f"sha-256=:{base64.b64encode(_sha256(path)).decode()}:",
    }
    given = {name: str(value) for name, value in params.items() if value not in (None, "")}
    server.put_file(f"{_url(conversation_id)}/recordings/{recording.track}", path, given, headers)


def _here(one: Loaded) -> list[Recording]:
    """The recordings to send: those of the sender's own files; sound inside of a log is sent with it."""
    if one.format not in (native.NAME, "audio"):
        return one.beside
    return [recording for recording in one.conversation.recordings if recording.path and Path(recording.path).is_file()]


def _id_of_sound(path: Path) -> str:
    """The same file under the same name is the same conversation."""
    return f"{path.stem[:200]}-{_sha256(path).hex()[:8]}"


def _sha256(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.digest()


def _url(conversation_id: str) -> str:
    return f"{CONVERSATIONS}/{quote(conversation_id, safe='')}"


def _sent(answer: dict[str, Any]) -> Sent:
    warnings = [str(found) for found in answer.get("warnings") or []]
    return Sent(id=str(answer.get("id", "")), url=str(answer.get("url", "")), warnings=warnings)
