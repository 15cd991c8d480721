"""How traced calls come together: which trace belongs to which call, and which calls have to be read anew."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.models.base import Base, ConversationPart, Json, of_conversation, of_project, project_key, text_key


class SpanSource(Base):
    """Who sent spans: the resource (service, version, environment) and the instrumentation; `id` hashes both."""

    __tablename__ = "span_source"
    __table_args__ = (of_project(),)

    project_id: Mapped[project_key]
    id: Mapped[text_key]
    scope: Mapped[str] = mapped_column(default="")
    resource: Mapped[Json] = mapped_column(default_factory=dict)


class SpanLog(ConversationPart):
    """A log record that belongs to a span, or to the call alone; it may come before the span does.

    `id` is "trace:span:hash".
    """

    __tablename__ = "span_log"
    __table_args__ = (of_conversation(),)

    trace_id: Mapped[str | None] = mapped_column(default=None)
    span_id: Mapped[str | None] = mapped_column(default=None)
    time_ns: Mapped[int | None] = mapped_column(default=None)
    name: Mapped[str] = mapped_column(default="")
    severity: Mapped[str | None] = mapped_column(default=None)
    body: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True), default=None)
    attributes: Mapped[Json | None] = mapped_column(default=None)


class Trace(Base):
    """The call that a trace belongs to, by the best session key that any of its spans named until now."""

    __tablename__ = "trace"
    __table_args__ = (of_conversation(), Index("ix_trace_conversation", "conversation_id", "project_id"))

    project_id: Mapped[project_key]
    trace_id: Mapped[text_key]
    conversation_id: Mapped[str]
    rank: Mapped[int]
    """of that key in grouping.KEYS; the last rank is the trace's own id"""


class ConversationAlias(Base):
    """Another name of a conversation: the id of a trace, or a session key that was not chosen as its id."""

    __tablename__ = "conversation_alias"
    __table_args__ = (of_conversation(),)

    project_id: Mapped[project_key]
    alias: Mapped[text_key]
    conversation_id: Mapped[str]


class Assembly(Base):
    """A traced call that has spans which nobody has read as a conversation yet. Gone once that is done."""

    __tablename__ = "assembly"
    __table_args__ = (of_conversation(), Index("ix_assembly_due", "due_at"))

    project_id: Mapped[project_key]
    conversation_id: Mapped[text_key]
    due_at: Mapped[datetime]
    round: Mapped[int] = mapped_column(default=1)
    """raised by every batch of spans: a reader that finds it raised has more to read"""
    attempt: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(default=None)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
