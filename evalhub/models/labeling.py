"""Labeling work and labels.

A plan freezes the population, the seed and each item's probability of having been drawn, so that every label
made from it can carry an honest interval later. Labels are irreplaceable and never overwritten.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.models.base import Base, Json, JsonList, created, of_conversation, of_project, project_key

PURPOSES = ("estimate", "triage", "gold", "pilot", "alignment")


def child_of(table: str, column: str) -> ForeignKeyConstraint:
    """Row lives and dies with (project_id, id) of another labeling table."""
    return ForeignKeyConstraint(["project_id", column], [f"{table}.project_id", f"{table}.id"], ondelete="CASCADE")


def number() -> Any:
    return mapped_column(BigInteger, Identity(), primary_key=True, init=False)


class Queue(Base):
    """A piece of labeling work: which calls, which scorecard, how many."""

    __tablename__ = "queue"
    __table_args__ = (
        of_project(),
        ForeignKeyConstraint(
            ["project_id", "rubric", "rubric_version"],
            ["rubric_version.project_id", "rubric_version.rubric", "rubric_version.number"],
            name="fk_queue_rubric_version",
        ),
        CheckConstraint(f"purpose in {PURPOSES}", name="purpose"),
    )

    project_id: Mapped[project_key]
    id: Mapped[int] = number()
    name: Mapped[str]
    rubric: Mapped[str]
    rubric_version: Mapped[int]
    purpose: Mapped[str] = mapped_column(default="estimate")
    overlap_share: Mapped[float] = mapped_column(default=0.2)
    lease_s: Mapped[int] = mapped_column(default=600)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    created_by: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = created()


class SamplePlan(Base):
    """How the calls of a queue were drawn: enough to draw them again and to weigh each label."""

    __tablename__ = "sample_plan"
    __table_args__ = (of_project(), child_of("queue", "queue_id"))

    project_id: Mapped[project_key]
    id: Mapped[int] = number()
    queue_id: Mapped[int]
    population_query: Mapped[Json]
    """the filter that was asked for, as the conversations page writes it"""
    population_size: Mapped[int]
    population_hash: Mapped[str]
    """sha256 over the sorted ids of the population"""
    seed: Mapped[int]
    design: Mapped[Json]
    """the drawing: {"method", "size", "strata": ...}"""
    frozen_at: Mapped[datetime] = created()


class Stratum(Base):
    """A part of the population that was drawn from at its own rate."""

    __tablename__ = "stratum"
    __table_args__ = (
        of_project(),
        child_of("sample_plan", "plan_id"),
        UniqueConstraint("project_id", "plan_id", "name"),
    )

    project_id: Mapped[project_key]
    id: Mapped[int] = number()
    plan_id: Mapped[int]
    name: Mapped[str]
    population: Mapped[int]
    drawn: Mapped[int]


class QueueItem(Base):
    """One call in a queue, with everything a later estimate has to know about how it got there."""

    __tablename__ = "queue_item"
    __table_args__ = (
        of_conversation(),
        child_of("queue", "queue_id"),
        child_of("sample_plan", "plan_id"),
        UniqueConstraint("project_id", "queue_id", "conversation_id"),
        Index("ix_queue_item_conversation", "project_id", "conversation_id"),
        Index("ix_queue_item_served", "project_id", "queue_id", "random_rank", "id"),
        CheckConstraint("purpose <> 'estimate' or inclusion_prob is not null", name="estimate_needs_probability"),
        CheckConstraint("inclusion_prob > 0 and inclusion_prob <= 1", name="probability"),
        CheckConstraint("split in ('tune', 'heldout')", name="split"),
    )

    project_id: Mapped[project_key]
    id: Mapped[int] = number()
    queue_id: Mapped[int]
    plan_id: Mapped[int]
    conversation_id: Mapped[str]
    purpose: Mapped[str]
    rubric_version: Mapped[int]
    stratum_id: Mapped[int | None] = mapped_column(default=None)
    inclusion_prob: Mapped[float | None] = mapped_column(default=None)
    random_rank: Mapped[float]
    split: Mapped[str]
    is_gold: Mapped[bool] = mapped_column(default=False)
    labels_wanted: Mapped[int] = mapped_column(default=1)


class Slot(Base):
    """One labeler's place on an item. Held by a lease; the token rotates when somebody else takes it over."""

    __tablename__ = "slot"
    __table_args__ = (
        of_project(),
        child_of("queue_item", "item_id"),
        UniqueConstraint("project_id", "item_id", "number"),
        Index(
            "uq_slot_item_holder",
            "project_id",
            "item_id",
            "holder",
            unique=True,
            postgresql_where=text("holder is not null"),
        ),
        CheckConstraint("state in ('open', 'leased', 'done')", name="state"),
    )

    project_id: Mapped[project_key]
    id: Mapped[int] = number()
    item_id: Mapped[int]
    number: Mapped[int]
    state: Mapped[str] = mapped_column(default="open")
    holder: Mapped[int | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), default=None)
    lease_token: Mapped[UUID | None] = mapped_column(default=None)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    leased_at: Mapped[datetime | None] = mapped_column(default=None)


class Label(Base):
    """One person's filled-in scorecard of one call. An undo writes a new one that supersedes it."""

    __tablename__ = "label"
    __table_args__ = (
        of_project(),
        child_of("queue_item", "item_id"),
        Index(
            "uq_label_current",
            "project_id",
            "item_id",
            "labeler_id",
            unique=True,
            postgresql_where=text("superseded_at is null"),
        ),
    )

    project_id: Mapped[project_key]
    id: Mapped[int] = number()
    item_id: Mapped[int]
    slot_id: Mapped[int]
    labeler_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    rubric_version: Mapped[int]
    seconds: Mapped[float | None] = mapped_column(default=None)
    heard_fraction: Mapped[float | None] = mapped_column(default=None)
    submitted_at: Mapped[datetime] = created()
    superseded_at: Mapped[datetime | None] = mapped_column(default=None)


class LabelValue(Base):
    """The answer to one criterion."""

    __tablename__ = "label_value"
    __table_args__ = (
        of_project(),
        child_of("label", "label_id"),
        CheckConstraint("na or value is not null", name="answered"),
    )

    project_id: Mapped[project_key]
    label_id: Mapped[int] = mapped_column(primary_key=True)
    criterion: Mapped[str] = mapped_column(primary_key=True)
    subject_type: Mapped[str] = mapped_column(primary_key=True, default="conversation")
    subject_id: Mapped[str] = mapped_column(primary_key=True, default="")
    value: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True), default=None)
    """true or false, a level's value, or an option's key"""
    na: Mapped[bool] = mapped_column(default=False)
    comment: Mapped[str | None] = mapped_column(default=None)
    evidence: Mapped[JsonList] = mapped_column(default_factory=list)


class Draft(Base):
    """Answers that are not submitted yet."""

    __tablename__ = "draft"
    __table_args__ = (of_project(), child_of("slot", "slot_id"))

    project_id: Mapped[project_key]
    slot_id: Mapped[int] = mapped_column(primary_key=True)
    labeler_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    payload: Mapped[Json]
    updated_at: Mapped[datetime] = created()


class Skip(Base):
    """A labeler passed on a call, and why. It counts as non-response, not as nothing."""

    __tablename__ = "skip"
    __table_args__ = (of_project(), child_of("queue_item", "item_id"))

    project_id: Mapped[project_key]
    item_id: Mapped[int] = mapped_column(primary_key=True)
    labeler_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[str]
    comment: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = created()


class LabelEvent(Base):
    """What happened to labels, append only: submit, undo, skip, reveal."""

    __tablename__ = "label_event"
    __table_args__ = (of_project(), Index("ix_label_event_item", "project_id", "item_id"))

    project_id: Mapped[project_key]
    id: Mapped[int] = number()
    item_id: Mapped[int]
    labeler_id: Mapped[int]
    action: Mapped[str]
    details: Mapped[Json | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = created()
