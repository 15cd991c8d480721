"""Evaluation rules: which conversations are evaluated, how many of them, and by what."""

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.models.base import Base, Json, JsonList, created, identity, of_project, project_key


class EvaluationRule(Base):
    """A filter, a share of what matches, and evaluators. Its version names what it meant when it planned something."""

    __tablename__ = "evaluation_rule"
    __table_args__ = (
        of_project(),
        UniqueConstraint("project_id", "name"),
        CheckConstraint("share between 0 and 1", name="share"),
    )

    project_id: Mapped[project_key]
    id: Mapped[int] = identity()
    name: Mapped[str]
    enabled: Mapped[bool] = mapped_column(default=True)
    filters: Mapped[Json] = mapped_column(default_factory=dict)
    """as the address of the conversations page has them; empty: every conversation"""
    share: Mapped[float] = mapped_column(default=1.0)
    """of what matches, 0 to 1"""
    evaluators: Mapped[JsonList]
    """names of evaluators, and kinds of work (audio, text, judge), which stand for all of that kind"""
    rubric: Mapped[str | None] = mapped_column(default=None)
    """the scorecard its judges answer; none: the project's"""
    version: Mapped[int] = mapped_column(default=1)
    """counts changes of what it means: its filter, share, evaluators or scorecard"""
    created_by: Mapped[str]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime] = created()
    created_at: Mapped[datetime] = created()
