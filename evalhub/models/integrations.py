"""Integrations: where a platform that runs voice agents sends its reports to, and how it proves that it is it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.models.base import Base, Json, created, identity, of_project, project_key

VENDORS = ("vapi", "retell", "twilio", "livekit")


class IntegrationEndpoint(Base):
    """One address that one vendor sends to, with the secret they share. Sealed, not hashed: HMAC needs it in plain."""

    __tablename__ = "integration_endpoint"
    __table_args__ = (
        of_project(),
        UniqueConstraint("public_id"),
        UniqueConstraint("api_key"),
        CheckConstraint(f"vendor in {VENDORS}", name="vendor"),
    )

    project_id: Mapped[project_key]
    id: Mapped[int] = identity()
    vendor: Mapped[str]
    public_id: Mapped[str]
    """its name in addresses: 128 random bits"""
    name: Mapped[str]
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    """by `evalhub.sealing`"""
    api_key: Mapped[str | None] = mapped_column(default=None)
    """of LiveKit: the `iss` of its tokens, by which the endpoint is found"""
    settings: Mapped[Json] = mapped_column(default_factory=dict)
    """as `evalhub.integrations.vendors` checks them"""
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)
    created_by: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = created()
