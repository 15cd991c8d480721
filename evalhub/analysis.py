"""Reading a recording once: what the page draws and every audio metric needs, stored under the hash of its bytes."""

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evalhub.audio.analysis import analyse_file, is_current
from evalhub.errors import BadInput, Retryable, SetupError
from evalhub.models import AudioAnalysis, Conversation, Recording
from evalhub.services import Services


def analyse(services: Services, project_id: int, sha256: str) -> None:
    """Measure these bytes unless that was done by this version of the measurement.

    Sound that cannot be decoded is noted as such, with the reason.

    Raises:
        Retryable: this machine has no room for what is laid aside meanwhile; nothing is stored.
    """
    with services.sessions() as session:
        known = session.get(AudioAnalysis, (project_id, sha256))
        if known and (known.state != "ready" or is_current(known)):
            return
        recording = _any_recording(session, project_id, sha256)
    if recording is not None:
        found = _read(services, recording, sha256)
        with services.work() as session:
            _store(session, found)


def _any_recording(session: Session, project_id: int, sha256: str) -> Recording | None:
    return session.query(Recording).filter_by(project_id=project_id, sha256=sha256).limit(1).one_or_none()


def _read(services: Services, recording: Recording, sha256: str) -> AudioAnalysis:
    path = services.audio.path(recording.project_id, sha256)
    try:
        return analyse_file(path, recording)
    except BadInput as problem:
        return AudioAnalysis(project_id=recording.project_id, sha256=sha256, state="unreadable", reason=str(problem))
    except SetupError as problem:
        raise Retryable("no_room", str(problem)) from problem


def _store(session: Session, found: AudioAnalysis) -> None:
    columns = [attribute.key for attribute in AudioAnalysis.__mapper__.column_attrs if attribute.key != "created_at"]
    row = {key: getattr(found, key) for key in columns}
    statement = insert(AudioAnalysis).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["project_id", "sha256"], set_=row))
    _note_length(session, found)


def _note_length(session: Session, found: AudioAnalysis) -> None:
    """A call of which nothing else tells the length is as long as its sound."""
    ours = (Recording.project_id == found.project_id, Recording.sha256 == found.sha256)
    same = (Recording.project_id == Conversation.project_id, Recording.conversation_id == Conversation.id)
    length = func.coalesce(Recording.offset_ms, 0) + found.duration_ms
    unknown = update(Conversation).where(*ours, *same, Conversation.duration_ms.is_(None))
    session.execute(unknown.values(duration_ms=length), execution_options={"synchronize_session": False})
