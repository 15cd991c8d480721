"""Which scores count in a figure: one per call, metric and judge version, of what is installed.

A judge may have answered the same about a call twice: for a rule that names the project's own scorecard, and for one
that names none. Then the answer for the project's own scorecard, which names none, is the one that counts.
"""

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from evalhub import plugins
from evalhub.models import Score

SAME = ("project_id", "conversation_id", "evaluator", "version", "metric", "subject_type", "subject_id")
"""what a score's key holds besides the configuration"""


def counted() -> ColumnElement[bool]:
    """The scores of a figure: results of different versions of an evaluator are never pooled, and none counts twice."""
    installed = {kind.name: kind.version for kind in plugins.evaluators().values()}
    return and_(Score.version == case(installed, value=Score.evaluator), once())


def once() -> ColumnElement[bool]:
    """Not the same judge's answer beside that for the project's own scorecard.

    Looked up by its key, and for scores of named scorecards alone: as `exists`, all scores there are might be read.
    """
    own = aliased(Score)
    same = (getattr(own, name) == getattr(Score, name) for name in SAME)
    judge = select(own.policy["judge_version"].astext).where(*same, own.config_hash == "").scalar_subquery()
    return or_(Score.config_hash == "", judge.is_distinct_from(func.coalesce(Score.policy["judge_version"].astext, "")))
