"""Judges by version, and what they answered: paid for once, read again as often as it is wanted."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.models.base import Base, Json, JsonList, created, of_conversation, of_project, project_key, text_key


class JudgeVersion(Base):
    """A judge as it was: another rubric version, prompt, model snapshot, parameter or transcript source is another."""

    __tablename__ = "judge_version"
    __table_args__ = (of_project(),)

    project_id: Mapped[project_key] = mapped_column(default=None, repr=False)
    id: Mapped[text_key]
    """hash of `definition`"""
    rubric: Mapped[str]
    rubric_version: Mapped[int]
    definition: Mapped[Json]
    first_used_at: Mapped[datetime] = created()


class JudgeAnswer(Base):
    """What a judge answered about a conversation as it was: asked once, read again as often as it is wanted.

    `asked` names the judge that was asked for (its model may be an alias), `judge_version` the one that answered.
    `run` is 0, or 1 where the same was asked again to see whether the answer flips.
    """

    __tablename__ = "judge_answer"
    __table_args__ = (
        of_conversation(),
        Index("ix_judge_answer_spent", "project_id", "created_at", postgresql_include=["cost_usd"]),
        Index("ix_judge_answer_version", "project_id", "judge_version", "run"),
    )

    project_id: Mapped[project_key] = mapped_column(default=None, repr=False)
    conversation_id: Mapped[text_key] = mapped_column(default=None, repr=False)
    asked: Mapped[text_key]
    content_hash: Mapped[text_key]
    """of everything the judge was shown"""
    run: Mapped[int] = mapped_column(primary_key=True, default=0)
    judge_version: Mapped[str]
    model: Mapped[str]
    votes: Mapped[JsonList]
    """per vote the answers by criterion, as the judge gave them"""
    verdicts: Mapped[Json]
    """per criterion the verdict or level that came of them"""
    items_left_out: Mapped[int] = mapped_column(default=0)
    """turns, calls and outputs that were not shown, because there were too many"""
    usage: Mapped[Json]
    cost_usd: Mapped[float | None] = mapped_column(default=None)
    """none where no price is known"""
    created_at: Mapped[datetime] = created()


class BatchedQuestion(Base):
    """A question that goes to the judge's server by the batch, until its evaluation is over."""

    __tablename__ = "batched_question"
    __table_args__ = (
        of_conversation(),
        Index("ix_batched_question_open", "batch_id", postgresql_where=text("status is null")),
    )

    project_id: Mapped[project_key] = mapped_column(default=None, repr=False)
    conversation_id: Mapped[text_key] = mapped_column(default=None, repr=False)
    name: Mapped[text_key]
    """hash of path and body, and how many of the same came before it"""
    path: Mapped[str]
    body: Mapped[Json] = mapped_column(repr=False)
    batch_id: Mapped[str | None] = mapped_column(default=None)
    """none while it waits to be sent"""
    status: Mapped[int | None] = mapped_column(default=None)
    """HTTP status of the answer; none while there is none"""
    answer: Mapped[Json | None] = mapped_column(default=None, repr=False)
    created_at: Mapped[datetime] = created()
