"""What metrics and criteria are called."""

from sqlalchemy.orm import Session

from evalhub import plugins
from evalhub.rubrics.stored import criterion_titles


def titles(session: Session, project_id: int) -> dict[str, str]:
    """By the id of a metric; criteria of the project's scorecards among them."""
    named = {metric.id: metric.title for metric in plugins.metrics().values()}
    return named | {f"criterion.{key}": title for key, title in criterion_titles(session, project_id).items()}
