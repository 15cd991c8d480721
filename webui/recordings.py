"""Sound, by range requests, and its peaks: for people who may hear the call."""

import base64

from flask import Blueprint, Response, abort, jsonify, request
from sqlalchemy import select
from sqlalchemy.orm import undefer
from werkzeug.wsgi import wrap_file

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
    playable = Playable(path, recording)
    response = Response(
        wrap_file(request.environ, playable, BLOCK), mimetype=media_type(analysis), direct_passthrough=True
    )
    response.content_length = playable.size
    response.set_etag(sha256)
    response.headers["Cache-Control"] = KEEP
    return response.make_conditional(request, accept_ranges=True, complete_length=playable.size)


@bp.get("/<sha256>/peaks")
@allow("viewer", "lead", "labeler")
def peaks(sha256: str) -> Response:
    """The loudest sample of each slot, a byte each, base64 per channel."""
    analysis = _heard(sha256)[1]
    if analysis is None or analysis.peaks is None:
        abort(404, "This recording has not been read yet.")
    each = len(analysis.peaks) // (analysis.channel_count or 1)
    parts = [analysis.peaks[start : start + each] for start in range(0, len(analysis.peaks), each or 1)]
    channels = [base64.b64encode(part).decode() for part in parts]
    response = jsonify({"per_second": analysis.peaks_per_s, "channels": channels})
    response.headers["Cache-Control"] = KEEP
    return response


def _heard(sha256: str) -> tuple[Recording, AudioAnalysis | None]:
    """The recording and what is known of it, if this person may hear it."""
    if role() == "labeler" and not may_listen(db(), project().id, person().id, sha256):
        abort(403, "You may hear the calls that you are labeling.")
    ours = select(Recording).filter_by(project_id=project().id, sha256=sha256).limit(1)
    recording = db().scalars(ours).one_or_none()
    if recording is None:
        abort(404, "There is no such recording in this project.")
    with_peaks = select(AudioAnalysis).options(undefer(AudioAnalysis.peaks))
    return recording, db().scalars(with_peaks.filter_by(project_id=project().id, sha256=sha256)).one_or_none()
