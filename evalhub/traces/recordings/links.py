"""Links to sound that a report holds: followed only where the endpoint it came to allows it, by a job."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evalhub.db import ask_for
from evalhub.models import InboxItem, IntegrationEndpoint, Recording, RecordingFetch
from evalhub.models.recordings import DONE, WAITING
from evalhub.traces.formats import RecordingLink
from evalhub.traces.recordings.attach import DEFAULT_CHANNELS


def follow(session: Session, item: InboxItem, links: Iterable[RecordingLink]) -> None:
    """Ask for the sound behind these links, unless it is there; until it comes, the recording is declared."""
    endpoint_id = (item.headers or {}).get("endpoint")
    if endpoint_id is None or not _may(session, item.project_id, endpoint_id):
        return
    for link in links:
        if not _was_sent(session, item.project_id, link):
            _declare(session, item.project_id, link)
            _ask(session, item.project_id, link, endpoint_id)


def _may(session: Session, project_id: int, endpoint_id: int) -> bool:
    endpoint = session.get(IntegrationEndpoint, (project_id, endpoint_id))
    return endpoint is not None and endpoint.settings.get("fetch_recordings") is True


def _was_sent(session: Session, project_id: int, link: RecordingLink) -> bool:
    """Whether somebody sent the sound of this track himself."""
    key = (project_id, link.conversation_id, link.track)
    there = session.get(Recording, key)
    return there is not None and there.sha256 is not None and session.get(RecordingFetch, key) is None


def _declare(session: Session, project_id: int, link: RecordingLink) -> None:
    channels = link.channels or DEFAULT_CHANNELS[link.track]
    key = {"project_id": project_id, "conversation_id": link.conversation_id, "track": link.track}
    declared = insert(Recording).values(key | {"channels": channels, "offset_ms": 0})
    session.execute(declared.on_conflict_do_nothing())


def _ask(session: Session, project_id: int, link: RecordingLink, endpoint_id: int) -> None:
    """Sound that was fetched from an address is not fetched again when a report repeats it, signed anew or not."""
    key = {"project_id": project_id, "conversation_id": link.conversation_id, "track": link.track}
    news: dict[str, Any] = {
        "url": link.url,
        "account": link.account,
        "starts_at": link.starts_at,
        "endpoint_id": endpoint_id,
        "state": WAITING,
        "attempt": 0,
    }
    statement = insert(RecordingFetch).values(key | news)
    fresh = {"reason": None, "due_at": func.now()}
    is_news = (RecordingFetch.state != DONE) | (_place(RecordingFetch.url) != _place(statement.excluded.url))
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=news | fresh, where=is_news))
    ask_for(session, "fetch_recordings")


def _place(url: Any) -> Any:
    return func.split_part(url, "?", 1)


def find_unfetched(session: Session) -> None:
    """Ring for sound that is due although nobody holds it."""
    free = RecordingFetch.lease_until.is_(None) | (RecordingFetch.lease_until < func.now())
    due = (RecordingFetch.state == WAITING, RecordingFetch.due_at <= func.now(), free)
    if session.scalar(select(RecordingFetch.track).where(*due).limit(1)) is not None:
        ask_for(session, "fetch_recordings")
