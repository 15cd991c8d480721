"""Sound, by range requests, and its curves: for people who may hear the call."""

import base64
from pathlib import Path
from typing import Any, BinaryIO

from flask import Blueprint, Response, abort, jsonify, request
from sqlalchemy import select
from sqlalchemy.orm import undefer
from werkzeug.wsgi import wrap_file

from evalhub.audio.contour import CONTOUR_PER_S, FLOOR_HZ, FLOOR_LUFS, STEPS_PER_LU, STEPS_PER_OCTAVE, curves
from evalhub.labeling.slots import may_listen
from evalhub.models import AudioAnalysis, Recording
from evalhub.traces.recordings.playback import Playable, media_type
from webui.access import allow
from webui.context import db, person, project, role, services

bp = Blueprint("recordings", __name__, url_prefix="/p/<project_slug>/recordings")
KEEP = "private, max-age=31536000, immutable"  # the address is the hash of the content
BLOCK = 1 << 16


@bp.get("/<sha256>")
@allow("viewer", "lead", "labeler")
def sound(sha256: str) -> Response:
    recording, analysis = _heard(sha256)
    path = services().audio.path(project().id, sha256)
    if not path.is_file():
        abort(404, "The sound of this recording is gone.")
    playable = Playable(path, recording, _in_time(path, analysis))
    response = Response(
        wrap_file(request.environ, playable, BLOCK), mimetype=media_type(analysis), direct_passthrough=True
    )
    response.call_on_close(playable.close)
    response.content_length = playable.size
    response.set_etag(sha256)
    response.headers["Cache-Control"] = KEEP
    return response.make_conditional(request, accept_ranges=True, complete_length=playable.size)


@bp.get("/<sha256>/peaks")
@allow("viewer", "lead", "labeler")
def peaks(sha256: str) -> Response:
    """The loudest sample of each slot, a byte each, base64 per channel."""
    analysis = _heard(sha256, AudioAnalysis.peaks)[1]
    if analysis is None or analysis.peaks is None:
        abort(404, "This recording has not been read yet.")
    each = len(analysis.peaks) // (analysis.channel_count or 1)
    parts = [analysis.peaks[start : start + each] for start in range(0, len(analysis.peaks), each or 1)]
    response = jsonify({"per_second": analysis.peaks_per_s, "channels": [_text(part) for part in parts]})
    response.headers["Cache-Control"] = KEEP
    return response


@bp.get("/<sha256>/contour")
@allow("viewer", "lead")
def contour(sha256: str) -> Response:
    """Pitch and loudness of each slot, a byte each, base64 per channel, with how to read a byte."""
    analysis = _heard(sha256, AudioAnalysis.contour)[1]
    if analysis is None or analysis.contour is None:
        abort(404, "Pitch and loudness of this recording have not been measured yet.")
    found = curves(analysis.contour, analysis.channel_count or 1)
    response = jsonify(
        {
            "per_second": CONTOUR_PER_S,
            "floor_hz": FLOOR_HZ,
            "steps_per_octave": STEPS_PER_OCTAVE,
            "floor_lufs": FLOOR_LUFS,
            "steps_per_lu": STEPS_PER_LU,
            "channels": [{"pitch": _text(one.pitch), "loudness": _text(one.loudness)} for one in found],
        }
    )
    response.headers["Cache-Control"] = KEEP
    return response


def _in_time(path: Path, analysis: AudioAnalysis | None) -> BinaryIO | None:
    """What is played where browsers would play a file too early: they leave out what lies between late packets."""
    if analysis is None or not (analysis.details or {}).get("has_pauses"):
        return None
    from evalhub.audio.decode import in_time  # numpy; for damaged files alone

    return in_time(path)


def _text(part: bytes) -> str:
    return base64.b64encode(part).decode()


def _heard(sha256: str, *drawn: Any) -> tuple[Recording, AudioAnalysis | None]:
    """The recording and what is known of it, with these deferred columns, if this person may hear it."""
    if role() == "labeler" and not may_listen(db(), project().id, person().id, sha256):
        abort(403, "You may hear the calls that you are labeling.")
    ours = select(Recording).filter_by(project_id=project().id, sha256=sha256).limit(1)
    recording = db().scalars(ours).one_or_none()
    if recording is None:
        abort(404, "There is no such recording in this project.")
    known = select(AudioAnalysis).options(*map(undefer, drawn))
    return recording, db().scalars(known.filter_by(project_id=project().id, sha256=sha256)).one_or_none()
