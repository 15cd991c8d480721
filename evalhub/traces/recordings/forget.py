"""Deleting sound that no conversation refers to any more, without ever deleting what somebody just sent again."""

from collections.abc import Iterable

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evalhub.db import ask_for
from evalhub.models import AudioAnalysis, DoomedAudio, Recording
from evalhub.services import Services


def doom(session: Session, project_id: int, hashes: Iterable[str]) -> None:
    """Note that these bytes may have lost their last reference; they are looked at after the commit."""
    rows = [{"project_id": project_id, "sha256": sha256} for sha256 in hashes]
    if rows:
        session.execute(insert(DoomedAudio).values(rows).on_conflict_do_nothing())
        ask_for(session, "forget_audio")


def hold(session: Session, project_id: int, sha256: str) -> None:
    """Until this transaction ends, nobody else attaches or deletes these bytes."""
    key = func.hashtextextended(f"{project_id}/{sha256}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))


def forget_doomed(services: Services) -> int:
    """Delete the doomed bytes that nothing refers to. Returns how many were looked at."""
    with services.sessions() as session:
        doomed = session.execute(select(DoomedAudio.project_id, DoomedAudio.sha256)).all()
    for project_id, sha256 in doomed:
        with services.work() as session:
            _forget(services, session, project_id, sha256)
    return len(doomed)


def _forget(services: Services, session: Session, project_id: int, sha256: str) -> None:
    hold(session, project_id, sha256)
    if not session.scalar(select(exists().where(Recording.project_id == project_id, Recording.sha256 == sha256))):
        session.execute(delete(AudioAnalysis).filter_by(project_id=project_id, sha256=sha256))
        services.audio.delete(project_id, sha256)
    session.execute(delete(DoomedAudio).filter_by(project_id=project_id, sha256=sha256))
