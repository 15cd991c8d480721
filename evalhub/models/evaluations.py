"""Evaluations (one execution of one evaluator on one conversation) and the scores they gave."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.models.base import Base, Json, JsonList, created, of_conversation, project_key, text_key

PENDING, RUNNING, DONE, SKIPPED, BLOCKED, FAILED = (
    "pending",
    "running",
    "done",
    "skipped",
    "blocked",
    "failed",
)


class Evaluation(Base):
    """One evaluator on one conversation: always there when a rule matched, always with a reason a person can read.

    While it runs, `lease_owner` and `lease_until` say who holds it; only the holder may write its result, and a
    sweep hands out again what was not finished in time.
    """

    __tablename__ = "evaluation"
    __table_args__ = (
        of_conversation(),
        Index(
            "ix_evaluation_due",
            "kind_of_work",
            "not_before",
            postgresql_where=text("status in ('pending', 'running')"),
        ),
        Index("ix_evaluation_status", "project_id", "evaluator", "status"),
    )

    project_id: Mapped[project_key] = mapped_column(default=None)
    conversation_id: Mapped[text_key] = mapped_column(default=None)
    evaluator: Mapped[text_key]
    version: Mapped[text_key]
    config_hash: Mapped[text_key] = mapped_column(default="")
    config: Mapped[Json | None] = mapped_column(default=None)
    kind_of_work: Mapped[str]
    """which queue of workers runs it: audio | text | judge"""
    status: Mapped[str] = mapped_column(default=PENDING)
    reason_code: Mapped[str | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
    content_hash: Mapped[str | None] = mapped_column(default=None)
    """of what the evaluator reads; a different hash means it has to run again"""
    attempt: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(default=None)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    not_before: Mapped[datetime | None] = mapped_column(default=None)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    details: Mapped[Json | None] = mapped_column(default=None)
    """what it used: model, tokens, milliseconds; the traceback of a failure"""
    rule_id: Mapped[int | None] = mapped_column(default=None)
    """the rule that asked for it; rules may be deleted, what they asked for stays"""
    rule_version: Mapped[int | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = created()


class Score(Base):
    """One answer by a machine to a metric or criterion, about a conversation, a turn or a tool call."""

    __tablename__ = "score"
    __table_args__ = (
        ForeignKeyConstraint(
            ["project_id", "conversation_id", "evaluator", "version", "config_hash"],
            [
                "evaluation.project_id",
                "evaluation.conversation_id",
                "evaluation.evaluator",
                "evaluation.version",
                "evaluation.config_hash",
            ],
            ondelete="CASCADE",
            name="fk_score_evaluation",
        ),
        Index(
            "ix_score_metric",
            "project_id",
            "metric",
            "conversation_id",
            postgresql_include=["value", "verdict"],
        ),
    )

    project_id: Mapped[project_key] = mapped_column(default=None, repr=False)
    conversation_id: Mapped[text_key] = mapped_column(default=None, repr=False)
    evaluator: Mapped[text_key] = mapped_column(default=None)
    version: Mapped[text_key] = mapped_column(default=None)
    config_hash: Mapped[text_key] = mapped_column(default="", repr=False)
    metric: Mapped[text_key]
    subject_type: Mapped[text_key] = mapped_column(default="conversation")
    """conversation | turn | tool_call | expected_call"""
    subject_id: Mapped[text_key] = mapped_column(default="")
    """empty for the conversation itself"""
    value: Mapped[float | None] = mapped_column(default=None)
    verdict: Mapped[str | None] = mapped_column(default=None)
    """pass | fail | unsure | na; none where the metric is a bare measurement"""
    unit: Mapped[str | None] = mapped_column(default=None)
    explanation: Mapped[str | None] = mapped_column(default=None)
    evidence: Mapped[JsonList] = mapped_column(default_factory=list)
    """[{"turn_id", "start_ms", "end_ms", "channel", "quote" or "heard"}], each key only where known"""
    basis: Mapped[str | None] = mapped_column(default=None)
    """where time came from: audio | annotated | events | spans"""
    contract: Mapped[str | None] = mapped_column(default=None)
    policy: Mapped[Json] = mapped_column(default_factory=dict)
    counts: Mapped[Json] = mapped_column(default_factory=dict)
    reason: Mapped[str | None] = mapped_column(default=None)
    """why there is no value: "not measurable: ..." """
    label: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True), default=None)
    """an ordinal or categorical answer, as given"""
    probabilities: Mapped[Json | None] = mapped_column(default=None)
    """how likely (0 to 1) a judge held each verdict it could give, before doubt made it `unsure`"""
    created_at: Mapped[datetime] = created()
