"""API keys of programs: `ehk_` and 256 random bits, of which only the SHA-256 is stored."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from evalhub.accounts.tokens import hash_of, new_token
from evalhub.errors import BadInput, NotFound, Problem
from evalhub.models import ApiKey

SCOPES = ("ingest", "full")
NOTE_USE_EVERY = timedelta(minutes=1)


def make_key(
    session: Session, project_id: int, *, name: str, scope: str, days: int | None, by: str, token: str | None = None
) -> tuple[ApiKey, str]:
    """A new key and its token, which is shown once.

    Raises:
        BadInput: no such scope, no name, or a lifetime out of range.
    """
    problems = []
    if scope not in SCOPES:
        problems.append(Problem("scope", " | ".join(SCOPES), repr(scope)))
    if not name.strip():
        problems.append(Problem("name", "what the key is for", "nothing"))
    if days is not None and not 1 <= days <= 3650:
        problems.append(Problem("days", "1 to 3650, or none", str(days)))
    if problems:
        raise BadInput("This key cannot be made.", problems)
    token = token or new_token("ehk_")
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    key = ApiKey(project_id=project_id, name=name.strip()[:100], key_hash=hash_of(token), hint=token[-4:], scope=scope,
                 expires_at=expires_at, created_by=by)  # fmt: skip
    session.add(key)
    session.flush()
    return key, token


def find_key(session: Session, token: str) -> ApiKey | None:
    """The key with this token, if it may still be used."""
    valid = (ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now()))
    return session.scalars(select(ApiKey).where(ApiKey.key_hash == hash_of(token), *valid)).one_or_none()


def is_noted(key: ApiKey) -> bool:
    """Whether the use of this key was noted within the last minute."""
    return key.last_used_at is not None and datetime.now(UTC) - key.last_used_at < NOTE_USE_EVERY


def note_use(session: Session, key: ApiKey) -> None:
    """Remember that a key is in use. For a transaction of its own: in one that goes on to read a long recording, the
    lock on this row would hold up everybody else who sends with the key."""
    stale = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < func.now() - NOTE_USE_EVERY)
    mine = update(ApiKey).where(ApiKey.project_id == key.project_id, ApiKey.id == key.id, stale)
    session.execute(mine.values(last_used_at=func.now()).execution_options(synchronize_session=False))
    key.last_used_at = datetime.now(UTC)  # whoever keeps it for a while need not note this again


def is_known(session: Session, token: str) -> bool:
    """Whether there ever was a key with this token, usable or not."""
    return session.scalar(select(ApiKey.id).filter_by(key_hash=hash_of(token))) is not None


def keys_of(session: Session, project_id: int) -> list[ApiKey]:
    """Keys of a project, the usable ones first, the newest first."""
    order = (ApiKey.revoked_at.is_not(None), ApiKey.created_at.desc())
    return list(session.scalars(select(ApiKey).filter_by(project_id=project_id).order_by(*order)))


def revoke_key(session: Session, project_id: int, key_id: int) -> ApiKey:
    """End a key at once.

    Raises:
        NotFound: no such key, or it is revoked already.
    """
    mine = update(ApiKey).where(ApiKey.project_id == project_id, ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
    key = session.scalars(mine.values(revoked_at=func.now()).returning(ApiKey)).one_or_none()
    if key is None:
        raise NotFound("There is no such key, or it is revoked already.")
    return key
