"""Tenants and who may do what: projects, people, their links and sessions, API keys, the audit log."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evalhub.models.base import Base, Json, created, identity, of_project, project_key

ROLES = ("admin", "lead", "labeler", "viewer")


class Project(Base):
    """A tenant."""

    __tablename__ = "project"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    quiet_period_s: Mapped[int] = mapped_column(default=60)
    """a conversation that said nothing for so long is over"""
    settings: Mapped[Json] = mapped_column(default_factory=dict)
    created_at: Mapped[datetime] = created()


class User(Base):
    """A person. Without `password_hash` they can only come in by a link."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str | None] = mapped_column(default=None, repr=False)
    is_owner: Mapped[bool] = mapped_column(default=False)
    """may create projects and enters every one as admin"""
    session_epoch: Mapped[int] = mapped_column(default=0)
    """raised to end every session of this person"""
    disabled_at: Mapped[datetime | None] = mapped_column(default=None)
    last_seen_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = created()


class Membership(Base):
    """What a person may do in a project."""

    __tablename__ = "membership"
    __table_args__ = (of_project(), CheckConstraint(f"role in {ROLES}", name="role"))

    project_id: Mapped[project_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str]
    created_at: Mapped[datetime] = created()

    user: Mapped[User] = relationship(init=False, lazy="raise_on_sql")


class SignInLink(Base):
    """A one-time link: first admin, invitation or password reset. Only the hash of its token is stored."""

    __tablename__ = "sign_in_link"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True, repr=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str]
    """sign_in | invite | reset"""
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = created()


class ApiKey(Base):
    """A key of a program: 256 random bits, of which only the SHA-256 is stored."""

    __tablename__ = "api_key"
    __table_args__ = (
        of_project(),
        UniqueConstraint("key_hash"),
        CheckConstraint("scope in ('ingest', 'full')", name="scope"),
    )

    project_id: Mapped[project_key]
    id: Mapped[int] = identity()
    name: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    hint: Mapped[str]
    """its last four characters, to tell keys apart"""
    scope: Mapped[str] = mapped_column(default="ingest")
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)
    created_by: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = created()


class AuditEntry(Base):
    """Who did what to whom, append only."""

    __tablename__ = "audit_entry"
    __table_args__ = (of_project(), Index("ix_audit_entry_newest", "project_id", "created_at"))

    project_id: Mapped[project_key]
    id: Mapped[int] = identity()
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(default="")
    details: Mapped[Json | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = created()
