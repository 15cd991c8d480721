"""One-time links: the first admin's, invitations, password resets. No mail server: somebody passes them on."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from evalhub.accounts.tokens import hash_of, new_token
from evalhub.models import SignInLink, User

LIFETIMES = {"sign_in": timedelta(hours=24), "invite": timedelta(days=7), "reset": timedelta(hours=24)}


def make_link(session: Session, person: User, purpose: str) -> str:
    """The token of a new link. Earlier unused links of the same purpose stop working."""
    token = new_token()
    session.execute(delete(SignInLink).filter_by(user_id=person.id, purpose=purpose, used_at=None))
    expires_at = datetime.now(UTC) + LIFETIMES[purpose]
    session.add(SignInLink(token_hash=hash_of(token), user_id=person.id, purpose=purpose, expires_at=expires_at))
    session.flush()
    return token


def peek(session: Session, token: str) -> User | None:
    """Whose link this is, while it can be used. Looking does not use it up: mail programs look."""
    return session.scalars(
        select(User).join(SignInLink, SignInLink.user_id == User.id).where(*_usable(token))
    ).one_or_none()


def use_link(session: Session, token: str) -> User | None:
    """Use a link up. None where it was used, is too old, or never was."""
    used = update(SignInLink).where(*_usable(token)).values(used_at=datetime.now(UTC)).returning(SignInLink.user_id)
    user_id = session.scalar(used)
    person = session.get(User, user_id) if user_id is not None else None
    return person if person and person.disabled_at is None else None


def _usable(token: str):  # type: ignore[no-untyped-def]
    return (
        SignInLink.token_hash == hash_of(token),
        SignInLink.used_at.is_(None),
        SignInLink.expires_at > datetime.now(UTC),
    )
