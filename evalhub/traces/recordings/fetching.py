"""Fetching the sound that reports link to: row by row under a lease, streamed to the store, tried again for a while.

What cannot be had in the end is a finding on the conversation, with the reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from evalhub.errors import BadInput, Conflict, SetupError, Unreached
from evalhub.integrations.endpoints import secret_of
from evalhub.models import Conversation, IntegrationEndpoint, Recording, RecordingFetch
from evalhub.models.recordings import DONE, FAILED, WAITING
from evalhub.outbound import Guard, download
from evalhub.services import Services
from evalhub.storage import Stored
from evalhub.traces import lifecycle
from evalhub.traces.recordings import placing
from evalhub.traces.recordings.attach import attach
from evalhub.traces.recordings.forget import doom

LEASE_S = 120
RENEW_S = 30
WAITS = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 3600))
"""before each further try"""
LARGEST = 4 << 30

CLAIM = text("""
with next as (
  select project_id, conversation_id, track from recording_fetch
  where state = 'waiting' and due_at <= now() and (lease_until is null or lease_until < now())
  order by due_at limit 1 for update skip locked)
update recording_fetch as mine set lease_owner = :owner, lease_until = now() + make_interval(secs => :lease),
  attempt = attempt + 1
from next where mine.project_id = next.project_id and mine.conversation_id = next.conversation_id
  and mine.track = next.track
returning mine.project_id, mine.conversation_id, mine.track
""")


@dataclass(frozen=True)
class Held:
    """A row that this process holds, and what it needs to fetch it."""

    row: RecordingFetch
    owner: str
    auth: tuple[str, str] | None


def fetch_waiting(services: Services, guard: Guard | None = None) -> int:
    """Fetch until nothing is due that is free to take. Returns how many tries were made."""
    guard, total = guard or Guard.of(services.settings), 0
    while held := _claim(services):
        total += 1
        try:
            stored = _download(services, guard, held)
            _keep(services, held, stored)
        except (Unreached, BadInput, SetupError, Conflict) as error:
            _put_off(services, held, error)
    return total


def _claim(services: Services) -> Held | None:
    owner = uuid4().hex
    with services.work() as session:
        key = session.execute(CLAIM, {"owner": owner, "lease": LEASE_S}).one_or_none()
        row = session.get_one(RecordingFetch, tuple(key)) if key else None
    return Held(row, owner, None) if row else None


def _download(services: Services, guard: Guard, held: Held) -> Stored:
    row = held.row
    if row.attempt > len(WAITS) + 1:
        raise Unreached(f"it did not come in {len(WAITS) + 1} tries")
    auth = _credentials(services, row)
    with download(guard, row.url, limit=LARGEST, auth=auth) as blocks:
        stored = services.audio.put(row.project_id, _renewing(services, held, blocks))
    if stored.size == 0:
        raise Unreached("it is empty", again=True)
    return stored


def _credentials(services: Services, row: RecordingFetch) -> tuple[str, str] | None:
    """Twilio's recordings want the account's name and token, which go to Twilio and nowhere else."""
    with services.sessions() as session:
        endpoint = session.get(IntegrationEndpoint, (row.project_id, row.endpoint_id))
    if endpoint is None:
        raise Unreached("its endpoint was deleted")
    is_twilio = (urlsplit(row.url).hostname or "").endswith(".twilio.com")
    if endpoint.vendor != "twilio" or not is_twilio or not row.account:
        return None
    return row.account, secret_of(endpoint, services.settings.secret_key)


def _renewing(services: Services, held: Held, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same blocks; while they come, the lease goes on."""
    renewed = monotonic()
    for block in blocks:
        if monotonic() - renewed > RENEW_S:
            renewed = monotonic()
            with services.work() as session:
                until = func.now() + timedelta(seconds=LEASE_S)
                session.execute(update(RecordingFetch).where(*_mine(held)).values(lease_until=until))
        yield block


def _mine(held: Held) -> tuple[Any, ...]:
    row = held.row
    return (
        RecordingFetch.project_id == row.project_id,
        RecordingFetch.conversation_id == row.conversation_id,
        RecordingFetch.track == row.track,
        RecordingFetch.lease_owner == held.owner,
        RecordingFetch.state == WAITING,
    )


def _keep(services: Services, held: Held, stored: Stored) -> None:
    """Tie the sound to its call, if the row is still ours; else nothing may refer to it."""
    row = held.row
    with services.work() as session:
        place = func.split_part(RecordingFetch.url, "?", 1)  # what a signature let in is not kept
        done = {"state": DONE, "reason": None, "lease_until": None, "url": place}
        kept = session.scalars(update(RecordingFetch).where(*_mine(held)).values(done).returning(RecordingFetch.track))
        if kept.one_or_none() is None:
            doom(session, row.project_id, [stored.sha256])
            return
        recording = Recording(project_id=row.project_id, conversation_id=row.conversation_id, track=row.track)
        attach(services, session, recording, stored)
        placing.note_start(session, recording, row.starts_at)
        _note(session, row, None)
        lifecycle.touch(session, row.project_id, row.conversation_id)
        lifecycle.settle(session, row.project_id, {row.conversation_id: False})


def _put_off(services: Services, held: Held, error: Exception) -> None:
    """Try again later where that may help, else say on the conversation why there is no sound."""
    row = held.row
    again = getattr(error, "again", not isinstance(error, BadInput)) and row.attempt <= len(WAITS)
    news: dict[str, Any] = {"reason": str(error), "lease_until": None, "state": WAITING if again else FAILED}
    if again:
        news["due_at"] = func.now() + WAITS[row.attempt - 1]
    with services.work() as session:
        changed: Any = session.execute(update(RecordingFetch).where(*_mine(held)).values(news))
        if changed.rowcount and not again:
            _note(session, row, f"the recording could not be fetched from {_host(row.url)}: {error}")


def _host(url: str) -> str:
    """Where a link leads; the rest of it may be a secret."""
    try:
        return urlsplit(url).hostname or "nowhere"
    except ValueError:
        return "nowhere"


def _note(session: Session, row: RecordingFetch, message: str | None) -> None:
    """Put what is wrong with this track on its conversation, in place of what was."""
    path = f"recordings.{row.track}"
    key = (Conversation.project_id == row.project_id, Conversation.id == row.conversation_id)
    before = session.scalar(select(Conversation.warnings).where(*key).with_for_update()) or []
    kept = [one for one in before if one.get("path") != path]
    noted = [*kept, {"path": path, "message": message}] if message else kept
    if noted != before:
        session.execute(update(Conversation).where(*key).values(warnings=noted or None))
