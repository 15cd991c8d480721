"""Conversations and what happens inside them. Times are milliseconds from the conversation's start."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, Text, desc, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evalhub.models.base import (
    Base,
    ConversationPart,
    Json,
    JsonList,
    created,
    of_conversation,
    of_project,
    project_key,
    text_key,
)
from evalhub.models.recordings import Recording

PART_ORDER = "[{0}.position, {0}.id]"


def parts(target: str, order: str) -> Any:
    """The list of one kind of part, written by bulk upserts and never loaded by accident."""
    return relationship(
        target,
        default_factory=list,
        lazy="raise_on_sql",
        viewonly=False,
        passive_deletes=True,
        order_by=order,
    )


class PromptVersion(Base):
    """Instructions, voice style, stages and tools of an agent; `id` is the hash of its content."""

    __tablename__ = "prompt_version"
    __table_args__ = (of_project(),)

    project_id: Mapped[project_key] = mapped_column(default=None, repr=False)
    id: Mapped[text_key] = mapped_column(default=None)
    name: Mapped[str | None] = mapped_column(default=None)
    version: Mapped[str | None] = mapped_column(default=None)
    instructions: Mapped[str | None] = mapped_column(default=None)
    voice_style: Mapped[Json | None] = mapped_column(default=None)
    stages: Mapped[JsonList | None] = mapped_column(default=None)
    tools: Mapped[JsonList | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = created()


class Turn(ConversationPart):
    """One party's stretch of speech: what was generated, and what was heard of it."""

    __tablename__ = "turn"
    __table_args__ = (
        of_conversation(),
        Index(
            "ix_turn_text",
            text("to_tsvector('simple'::regconfig, COALESCE(text, ''::text))"),
            postgresql_using="gin",
        ),
    )

    position: Mapped[int] = mapped_column(default=0)
    speaker: Mapped[str]
    agent_name: Mapped[str | None] = mapped_column(default=None)
    start_ms: Mapped[int | None] = mapped_column(default=None)
    end_ms: Mapped[int | None] = mapped_column(default=None)
    text: Mapped[str | None] = mapped_column(default=None)
    heard_text: Mapped[str | None] = mapped_column(default=None)
    reference_text: Mapped[str | None] = mapped_column(default=None)
    kind: Mapped[str | None] = mapped_column(default=None)
    kind_source: Mapped[str | None] = mapped_column(default=None)
    interrupted: Mapped[bool | None] = mapped_column(default=None)
    extra: Mapped[Json | None] = mapped_column(default=None)


class ToolCall(ConversationPart):
    """A function the agent called. Arguments that were not valid JSON are kept as the text they were."""

    __tablename__ = "tool_call"
    __table_args__ = (of_conversation(),)

    position: Mapped[int] = mapped_column(default=0)
    turn_id: Mapped[str | None] = mapped_column(default=None)
    agent_name: Mapped[str | None] = mapped_column(default=None)
    name: Mapped[str]
    arguments: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True), default=None)
    result: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True), default=None)
    error: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True), default=None)
    start_ms: Mapped[int | None] = mapped_column(default=None)
    end_ms: Mapped[int | None] = mapped_column(default=None)
    status: Mapped[str | None] = mapped_column(default=None)
    extra: Mapped[Json | None] = mapped_column(default=None)


class Handoff(ConversationPart):
    """One agent passes the caller on (transfer), or works through another behind it (delegation)."""

    __tablename__ = "handoff"
    __table_args__ = (of_conversation(),)

    position: Mapped[int] = mapped_column(default=0)
    from_agent: Mapped[str | None] = mapped_column(default=None)
    to_agent: Mapped[str | None] = mapped_column(default=None)
    at_ms: Mapped[int | None] = mapped_column(default=None)
    kind: Mapped[str | None] = mapped_column(default=None)
    summary: Mapped[str | None] = mapped_column(default=None)
    extra: Mapped[Json | None] = mapped_column(default=None)


class GuardrailTrip(ConversationPart):
    """One time a guardrail fired."""

    __tablename__ = "guardrail_trip"
    __table_args__ = (of_conversation(),)

    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str]
    turn_id: Mapped[str | None] = mapped_column(default=None)
    at_ms: Mapped[int | None] = mapped_column(default=None)
    generated_chars: Mapped[int | None] = mapped_column(default=None)
    verdict_ms: Mapped[int | None] = mapped_column(default=None)
    text: Mapped[str | None] = mapped_column(default=None)
    extra: Mapped[Json | None] = mapped_column(default=None)


class StageTiming(ConversationPart):
    """How long one stage (stt, llm_first_token, ...) took before an agent turn, as the client reports it."""

    __tablename__ = "stage_timing"
    __table_args__ = (of_conversation(),)

    position: Mapped[int] = mapped_column(default=0)
    turn_id: Mapped[str | None] = mapped_column(default=None)
    stage: Mapped[str]
    ms: Mapped[float]
    extra: Mapped[Json | None] = mapped_column(default=None)


class Usage(ConversationPart):
    """A quantity that costs money: tokens, seconds or characters of one model."""

    __tablename__ = "usage"
    __table_args__ = (of_conversation(),)

    position: Mapped[int] = mapped_column(default=0)
    model: Mapped[str | None] = mapped_column(default=None)
    meter: Mapped[str]
    quantity: Mapped[float]
    turn_id: Mapped[str | None] = mapped_column(default=None)
    extra: Mapped[Json | None] = mapped_column(default=None)


class Feedback(ConversationPart):
    """What the caller said of the call afterwards."""

    __tablename__ = "feedback"
    __table_args__ = (of_conversation(),)

    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str]
    value: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True), default=None)
    scale: Mapped[JsonList | None] = mapped_column(default=None)
    comment: Mapped[str | None] = mapped_column(default=None)
    extra: Mapped[Json | None] = mapped_column(default=None)


class Span(ConversationPart):
    """One timed step as the client sent it. `id` is "trace_id:span_id".

    A traced span has unix times (`start_ns`, `end_ns`): its place in the call is only known once the call's start is.
    """

    __tablename__ = "span"
    __table_args__ = (of_conversation(),)

    position: Mapped[int] = mapped_column(default=0, server_default="0")
    trace_id: Mapped[str | None] = mapped_column(default=None)
    span_id: Mapped[str]
    parent_id: Mapped[str | None] = mapped_column(default=None)
    name: Mapped[str]
    kind: Mapped[str | None] = mapped_column(default=None)
    start_ms: Mapped[int | None] = mapped_column(default=None)
    end_ms: Mapped[int | None] = mapped_column(default=None)
    start_ns: Mapped[int | None] = mapped_column(default=None)
    end_ns: Mapped[int | None] = mapped_column(default=None)
    status: Mapped[str | None] = mapped_column(default=None)
    message: Mapped[str | None] = mapped_column(default=None)
    """what the sender says of the status"""
    source_id: Mapped[str | None] = mapped_column(default=None)
    attributes: Mapped[Json | None] = mapped_column(default=None)
    events: Mapped[JsonList | None] = mapped_column(default=None)
    extra: Mapped[Json | None] = mapped_column(default=None)


class Conversation(Base):
    """One call or session from connect to hang-up."""

    __tablename__ = "conversation"
    __table_args__ = (
        of_project(),
        ForeignKeyConstraint(
            ["project_id", "prompt_id"],
            ["prompt_version.project_id", "prompt_version.id"],
            name="fk_conversation_prompt",
        ),
        Index("ix_conversation_newest", "project_id", text("COALESCE(started_at, created_at) DESC"), text("id DESC")),
        Index("ix_conversation_started", "project_id", desc("started_at")),
        Index("ix_conversation_version", "project_id", "agent_name", "agent_version", desc("started_at")),
        Index("ix_conversation_open", "touched_at", postgresql_where=text("state = 'open'")),
    )

    project_id: Mapped[project_key] = mapped_column(default=None, repr=False)
    id: Mapped[text_key]
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    duration_ms: Mapped[int | None] = mapped_column(default=None)
    origin: Mapped[str | None] = mapped_column(default=None)
    channel: Mapped[str | None] = mapped_column(default=None)
    language: Mapped[str | None] = mapped_column(default=None)
    tags: Mapped[JsonList | None] = mapped_column(default=None)
    user_id: Mapped[str | None] = mapped_column(default=None)
    agent_name: Mapped[str | None] = mapped_column(default=None)
    agent_version: Mapped[str | None] = mapped_column(default=None)
    architecture: Mapped[str | None] = mapped_column(default=None)
    models: Mapped[Json | None] = mapped_column(default=None)
    voice: Mapped[str | None] = mapped_column(default=None)
    prompt_id: Mapped[str | None] = mapped_column(Text, default=None)
    guardrails: Mapped[JsonList | None] = mapped_column(default=None)
    voiced: Mapped[Json | None] = mapped_column(default=None)
    end_state: Mapped[Json | None] = mapped_column(default=None)
    outcome: Mapped[Json | None] = mapped_column(default=None)
    expectations: Mapped[Json | None] = mapped_column(default=None)
    meta: Mapped[Json | None] = mapped_column("metadata", JSONB(none_as_null=True), default=None)

    state: Mapped[str | None] = mapped_column(server_default="open", default=None)
    """received (nothing parsed yet) | open | ended"""
    warnings: Mapped[JsonList | None] = mapped_column(default=None, repr=False)
    """what was found wrong while parsing: [{"path", "message"}]"""
    part_hashes: Mapped[Json | None] = mapped_column(default=None, repr=False)
    """hash of each part an evaluator may read, so that late data re-evaluates only what reads it"""
    derived: Mapped[Json | None] = mapped_column(default=None, repr=False)
    """ids of the parts that the last reading of its spans gave, by table: the next reading takes back what it lacks"""
    end_reason: Mapped[str | None] = mapped_column(default=None, repr=False)
    """how we know it is over: ended_at | end_signal | quiet"""
    touched_at: Mapped[datetime] = created()
    """when anything of it last arrived; the quiet period counts from here"""
    created_at: Mapped[datetime] = created()

    prompt: Mapped[PromptVersion | None] = relationship(default=None, lazy="raise_on_sql")
    turns: Mapped[list[Turn]] = parts("Turn", "[Turn.start_ms, Turn.position, Turn.id]")
    tool_calls: Mapped[list[ToolCall]] = parts("ToolCall", "[ToolCall.start_ms, ToolCall.position, ToolCall.id]")
    handoffs: Mapped[list[Handoff]] = parts("Handoff", PART_ORDER.format("Handoff"))
    guardrail_trips: Mapped[list[GuardrailTrip]] = parts("GuardrailTrip", PART_ORDER.format("GuardrailTrip"))
    stage_timings: Mapped[list[StageTiming]] = parts("StageTiming", PART_ORDER.format("StageTiming"))
    usage: Mapped[list[Usage]] = parts("Usage", PART_ORDER.format("Usage"))
    feedback: Mapped[list[Feedback]] = parts("Feedback", PART_ORDER.format("Feedback"))
    spans: Mapped[list[Span]] = parts("Span", "[Span.start_ms, Span.position, Span.id]")
    recordings: Mapped[list[Recording]] = parts("Recording", "Recording.track")

    def turns_of(self, speaker: str) -> list[Turn]:
        """Turns of `caller` or `agent`, in order."""
        return [turn for turn in self.turns if turn.speaker == speaker]

    def turn(self, turn_id: str | None) -> Turn | None:
        """The turn with this id, if any."""
        return next((turn for turn in self.turns if turn.id == turn_id), None)


CONVERSATION_PARTS = (Turn, ToolCall, Handoff, GuardrailTrip, StageTiming, Usage, Feedback, Span)
