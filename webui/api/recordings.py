"""Recordings: PUT streams them in, HEAD tells whether they are there."""

import base64
import binascii
import re
from datetime import UTC, datetime

from flask import Response, request

from evalhub.errors import BadInput, NotFound, Problem, describe
from evalhub.models import Recording
from evalhub.traces.receive import receive_recording
from webui.access import api_key
from webui.api import api
from webui.api.bodies import stream_body
from webui.context import db, project, services

SHA256_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/=]+):")
ENCODINGS = ("mulaw", "alaw", "pcm_s16le")


@api.put("/conversations/<path:conversation_id>/recordings/<track>")
@api_key("ingest")
def put_recording(conversation_id: str, track: str) -> tuple[dict[str, object], int]:
    recording = Recording(
        project_id=project().id,
        conversation_id=conversation_id,
        track=track,
        channels=_channels(),
        offset_ms=_number("offset_ms"),
        declared_rate=_number("rate"),
        declared_encoding=_encoding(),
        media_type=request.mimetype or None,
    )
    sha256, is_new = receive_recording(
        services(), db(), recording, stream_body(), started_at=_moment("started_at"), expected_sha256=_digest()
    )
    return {"id": conversation_id, "track": track, "sha256": sha256}, 201 if is_new else 200


@api.get("/conversations/<path:conversation_id>/recordings/<track>")
@api_key("full")
def head_recording(conversation_id: str, track: str) -> Response:
    """GET and HEAD: what is known of the recording, its hash as the ETag."""
    recording = db().get(Recording, (project().id, conversation_id, track))
    if recording is None or recording.sha256 is None:
        raise NotFound(f"There is no recording of track {track!r} here.")
    response = Response(status=200, headers={"X-Content-SHA256": recording.sha256})
    response.set_etag(recording.sha256)
    return response


def _channels() -> list[str] | None:
    given = [name.strip() for name in request.args.get("channels", "").split(",") if name.strip()]
    for index, name in enumerate(given):
        if name not in ("caller", "agent", "mixed"):
            raise BadInput("Unknown channel.", [Problem(f"channels[{index}]", "caller | agent | mixed", name)])
    return given or None


def _number(name: str) -> int | None:
    text = request.args.get(name)
    if text is not None and not re.fullmatch(r"-?\d{1,9}", text):
        raise BadInput(f"{name} is not a number.", [Problem(name, "an integer", text)])
    return int(text) if text is not None else None


def _moment(name: str) -> datetime | None:
    text = request.args.get(name)
    try:
        moment = datetime.fromisoformat(text) if text is not None else None
    except ValueError:
        moment = None
    if text is not None and (moment is None or moment.tzinfo is None):
        raise BadInput(f"{name} is not a moment.", [Problem(name, "ISO 8601 with a time zone", describe(text))])
    return moment.astimezone(UTC) if moment else None


def _encoding() -> str | None:
    text = request.args.get("encoding")
    if text is not None and text not in ENCODINGS:
        raise BadInput("Unknown encoding.", [Problem("encoding", " | ".join(ENCODINGS), text)])
    return text


def _digest() -> str | None:
    """The sha256 the sender computed (RFC 9530), as hex."""
    given = request.headers.get("Content-Digest", "")
    found = SHA256_DIGEST.search(given)
    try:
        return base64.b64decode(found[1], validate=True).hex() if found else None
    except binascii.Error:
        raise BadInput("Unreadable digest.", [Problem("Content-Digest", "sha-256=:<base64>:", given)]) from None
