"""The inbox: every accepted body as it was received. It is the truth; what is parsed from it can be made again."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.models.base import Base, Json, created

WAITING, PARSED, REJECTED = "waiting", "parsed", "rejected"


class InboxItem(Base):
    """One request body, compressed, committed before its 2xx. Partitioned by day and dropped by retention.

    A parser holds it by lease; what a dead parser held is handed out again. `rejected` is a body that could not be
    parsed although it was accepted: it stays, with the reason, to be parsed again when the mapping improves.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        Index("ix_inbox_waiting", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_inbox_conversation", "project_id", "conversation_id"),
        Index("ix_inbox_conversations", "conversation_ids", postgresql_using="gin"),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    received_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=text("now()"), init=False)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    format: Mapped[str]
    conversation_id: Mapped[str | None] = mapped_column(default=None)
    """known where the URL or the body names exactly one"""
    conversation_ids: Mapped[list[str] | None] = mapped_column(ARRAY(Text), default=None)
    """of a body of spans: the conversations it was found to speak of"""
    headers: Mapped[Json | None] = mapped_column(default=None)
    body: Mapped[bytes] = mapped_column(LargeBinary, repr=False)
    encoding: Mapped[str] = mapped_column(default="gzip")
    body_bytes: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default=WAITING)
    reason: Mapped[str | None] = mapped_column(default=None)
    attempt: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(default=None)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    parsed_at: Mapped[datetime | None] = mapped_column(default=None)


class Deletion(Base):
    """A conversation that was deleted: what arrives late for it is not brought back to life by a replay."""

    __tablename__ = "deletion"

    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(primary_key=True)
    deleted_at: Mapped[datetime] = created()
    deleted_by: Mapped[str | None] = mapped_column(default=None)
