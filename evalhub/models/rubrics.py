"""Rubrics: versioned questions that people, judges and code answer alike."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evalhub.models.base import Base, JsonList, created, of_project, project_key, text_key


class Criterion(Base):
    """One question of a rubric version."""

    __tablename__ = "criterion"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "rubric", "version"],
            ["rubric_version.project_id", "rubric_version.rubric", "rubric_version.number"],
            ondelete="CASCADE",
            name="fk_criterion_rubric_version",
        ),
        CheckConstraint("type in ('boolean', 'ordinal', 'categorical')", name="type"),
        CheckConstraint("applies_to in ('conversation', 'turn', 'tool_call')", name="applies_to"),
        CheckConstraint("modality in ('transcript', 'audio', 'both')", name="modality"),
        CheckConstraint("shown in ('nothing', 'moment', 'text')", name="shown"),
    )

    project_id: Mapped[project_key] = mapped_column(default=None, repr=False)
    rubric: Mapped[text_key] = mapped_column(default=None, repr=False)
    version: Mapped[int] = mapped_column(primary_key=True, default=None, repr=False)
    key: Mapped[text_key]
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[str]
    question: Mapped[str]
    type: Mapped[str] = mapped_column(default="boolean")
    levels: Mapped[JsonList | None] = mapped_column(default=None)
    """of an ordinal or categorical criterion: [{"value", "label", "anchor"}]"""
    applies_to: Mapped[str] = mapped_column(default="conversation")
    modality: Mapped[str] = mapped_column(default="transcript")
    """what it takes: transcript (reading does), audio (needs ears), both (readers and listeners answer it apart)"""
    shown: Mapped[str] = mapped_column(default="nothing", server_default="nothing")
    """what a model that listens may read: nothing, the moment (what the caller said before), the text to be spoken"""
    allow_na: Mapped[bool] = mapped_column(default=True)
    auto_fail: Mapped[bool] = mapped_column(default=False)
    weight: Mapped[float] = mapped_column(default=1.0)
    is_fail: Mapped[JsonList] = mapped_column(default_factory=list)
    """examples of what IS a fail"""
    is_not_fail: Mapped[JsonList] = mapped_column(default_factory=list)
    """examples of what is NOT a fail, though it looks like one"""


class Rubric(Base):
    """A scorecard by name; its questions live in its versions."""

    __tablename__ = "rubric"
    __table_args__ = (of_project(),)

    project_id: Mapped[project_key] = mapped_column(default=None, repr=False)
    key: Mapped[text_key]
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = created()


class RubricVersion(Base):
    """An immutable set of criteria. A wording change carries labels over, a meaning change does not."""

    __tablename__ = "rubric_version"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "rubric"],
            ["rubric.project_id", "rubric.key"],
            ondelete="CASCADE",
            name="fk_rubric_version",
        ),
        CheckConstraint("change_kind in ('first', 'wording', 'meaning')", name="change_kind"),
    )

    project_id: Mapped[project_key] = mapped_column(default=None, repr=False)
    rubric: Mapped[text_key]
    number: Mapped[int] = mapped_column(primary_key=True)
    definition_hash: Mapped[str]
    change_kind: Mapped[str] = mapped_column(default="first")
    published_at: Mapped[datetime] = created()

    criteria: Mapped[list[Criterion]] = relationship(
        default_factory=list,
        lazy="raise_on_sql",
        order_by="[Criterion.position, Criterion.key]",
        passive_deletes=True,
    )
