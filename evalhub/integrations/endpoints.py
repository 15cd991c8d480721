"""Endpoints of a project: made, listed, changed, given a new secret, deleted, found by what a request shows."""

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evalhub.accounts.tokens import new_token
from evalhub.errors import BadInput, Conflict, NotFound, Problem
from evalhub.integrations.vendors import GIVEN_BY_VENDOR, check_settings
from evalhub.models import IntegrationEndpoint, Json
from evalhub.sealing import seal, unseal

NOTE_USE_EVERY = timedelta(minutes=1)
MAX_SECRET = 500


def make_endpoint(
    session: Session,
    project_id: int,
    *,
    secret_key: str | None,
    vendor: str,
    name: str,
    secret: str = "",
    api_key: str = "",
    settings: Json | None = None,
    by: str | None = None,
) -> tuple[IntegrationEndpoint, str]:
    """A new endpoint and its secret, which is shown once. `secret_key` is the installation's own.

    An empty `secret` is made here, where the vendor can be told one; so is the `api_key` of LiveKit.

    Raises:
        BadInput: no such vendor, no name, settings that make no sense, or a secret that only the vendor can give.
        Conflict: an endpoint with this LiveKit API key is there already.
    """
    checked = check_settings(vendor, settings or {})
    if not name.strip():
        raise BadInput("This endpoint cannot be made.", [Problem("name", "what the endpoint is for", "nothing")])
    secret = _secret(vendor, secret)
    endpoint = IntegrationEndpoint(
        project_id=project_id,
        vendor=vendor,
        public_id=secrets.token_urlsafe(16),
        name=name.strip()[:100],
        sealed_secret=seal(secret_key, secret),
        api_key=(_given(api_key, "api_key") or f"API{secrets.token_hex(8)}") if vendor == "livekit" else None,
        settings=checked,
        created_by=by,
    )
    _add(session, endpoint)
    return endpoint, secret


def endpoints_of(session: Session, project_id: int) -> list[IntegrationEndpoint]:
    """Endpoints of a project, the newest first."""
    mine = select(IntegrationEndpoint).filter_by(project_id=project_id)
    return list(session.scalars(mine.order_by(IntegrationEndpoint.created_at.desc(), IntegrationEndpoint.id.desc())))


def endpoint_of(session: Session, project_id: int, endpoint_id: int) -> IntegrationEndpoint:
    """One endpoint of a project.

    Raises:
        NotFound: there is none.
    """
    endpoint = session.get(IntegrationEndpoint, (project_id, endpoint_id))
    if endpoint is None:
        raise NotFound("There is no such endpoint, or it is deleted already.")
    return endpoint


def change_settings(session: Session, project_id: int, endpoint_id: int, settings: Json) -> IntegrationEndpoint:
    """Set something else.

    Raises:
        NotFound: no such endpoint.
        BadInput: something that cannot be set.
    """
    endpoint = endpoint_of(session, project_id, endpoint_id)
    endpoint.settings = check_settings(endpoint.vendor, settings)
    return endpoint


def rotate_secret(
    session: Session, project_id: int, endpoint_id: int, *, secret_key: str | None, secret: str = ""
) -> tuple[IntegrationEndpoint, str]:
    """Give an endpoint another secret; the old one stops working at once. Raises like `make_endpoint`, and NotFound."""
    endpoint = endpoint_of(session, project_id, endpoint_id)
    secret = _secret(endpoint.vendor, secret)
    endpoint.sealed_secret = seal(secret_key, secret)
    return endpoint, secret


def delete_endpoint(session: Session, project_id: int, endpoint_id: int) -> IntegrationEndpoint:
    """Turn away what is sent here from now on; what was sent stays.

    Raises:
        NotFound: no such endpoint.
    """
    endpoint = endpoint_of(session, project_id, endpoint_id)
    session.delete(endpoint)
    session.flush()
    return endpoint


def find_endpoint(session: Session, vendor: str, public_id: str) -> IntegrationEndpoint | None:
    """The endpoint that an address names."""
    return session.scalars(select(IntegrationEndpoint).filter_by(vendor=vendor, public_id=public_id)).one_or_none()


def find_livekit(session: Session, api_key: str) -> IntegrationEndpoint | None:
    """The endpoint whose LiveKit API key a token says it is signed with (`iss`)."""
    return session.scalars(select(IntegrationEndpoint).filter_by(vendor="livekit", api_key=api_key)).one_or_none()


def secret_of(endpoint: IntegrationEndpoint, secret_key: str | None) -> str:
    """The secret that the vendor shares.

    Raises:
        SetupError: it was sealed with another secret of the installation.
    """
    return unseal(secret_key, endpoint.sealed_secret)


def is_noted(endpoint: IntegrationEndpoint) -> bool:
    """Whether the use of this endpoint was noted within the last minute."""
    return endpoint.last_used_at is not None and datetime.now(UTC) - endpoint.last_used_at < NOTE_USE_EVERY


def note_use(session: Session, endpoint: IntegrationEndpoint) -> None:
    """Remember that an endpoint is in use, once a minute at most. For a transaction of its own, as for API keys."""
    seen = IntegrationEndpoint.last_used_at
    mine = (IntegrationEndpoint.project_id == endpoint.project_id, IntegrationEndpoint.id == endpoint.id)
    stale = or_(seen.is_(None), seen < func.now() - NOTE_USE_EVERY)
    noted = update(IntegrationEndpoint).where(*mine, stale).values(last_used_at=func.now())
    session.execute(noted.execution_options(synchronize_session=False))


def _add(session: Session, endpoint: IntegrationEndpoint) -> None:
    try:
        with session.begin_nested():
            session.add(endpoint)
    except IntegrityError as error:
        raise Conflict("An endpoint with this LiveKit API key is there already. Use that one, or delete it.") from error


def _secret(vendor: str, secret: str) -> str:
    if given := _given(secret, "secret"):
        return given
    if needed := GIVEN_BY_VENDOR.get(vendor):
        raise BadInput("This secret cannot be made up.", [Problem("secret", needed, "nothing")])
    return new_token()


def _given(text: str, field: str) -> str:
    """What somebody pasted, without the blanks around it."""
    text = text.strip()
    if len(text) > MAX_SECRET or not text.isascii() or not text.isprintable():
        raise BadInput("This cannot be used.", [Problem(field, f"at most {MAX_SECRET} ASCII characters", "other ones")])
    return text
