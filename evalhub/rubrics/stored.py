"""Rubrics in a project: the library installed, the current version of one."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from evalhub.errors import BadInput, Problem
from evalhub.models import Criterion, Project, Rubric, RubricVersion
from evalhub.rubrics import load_library, to_version

DEFAULT = "customer_service"


def install_rubrics(session: Session, project_id: int) -> None:
    """Give a project version 1 of every rubric of the library that it does not have yet."""
    present = set(session.scalars(select(Rubric.key).filter_by(project_id=project_id)))
    for key, definition in load_library().items():
        if key not in present:
            rubric = Rubric(project_id=project_id, key=key, title=definition.title, description=definition.description)
            session.add(rubric)
            session.flush()
            session.add(owned(to_version(definition, 1), project_id))
    session.flush()


def current_version(session: Session, project_id: int, key: str) -> RubricVersion | None:
    """The newest version of a rubric with its criteria, or None where the project has no such rubric."""
    newest = select(func.max(RubricVersion.number)).filter_by(project_id=project_id, rubric=key).scalar_subquery()
    query = select(RubricVersion).filter_by(project_id=project_id, rubric=key).where(RubricVersion.number == newest)
    return session.scalars(query.options(selectinload(RubricVersion.criteria))).one_or_none()


def rubric_of(project: Project) -> str:
    """The key of the scorecard that judges of this project answer."""
    return str(project.settings.get("rubric") or DEFAULT)


def choose_rubric(session: Session, project: Project, key: str) -> None:
    """Let judges answer this scorecard from now on; nothing named leaves it as it is.

    Raises:
        BadInput: the project has no such scorecard.
    """
    if key and session.get(Rubric, (project.id, key)) is None:
        raise BadInput("There is no such scorecard.", [Problem("rubric", "one of this project's", repr(key))])
    if key:
        project.settings = project.settings | {"rubric": key}


def owned(version: RubricVersion, project_id: int) -> RubricVersion:
    """The version and its criteria as those of a project."""
    version.project_id = project_id
    for criterion in version.criteria:
        criterion.project_id, criterion.rubric, criterion.version = project_id, version.rubric, version.number
    return version


def criterion_titles(session: Session, project_id: int) -> dict[str, str]:
    """Title of every criterion by key, in the order of the scorecards.

    As the card that judges answer calls it, else as the last of the others; of a card the newest version.
    """
    own = rubric_of(session.get_one(Project, project_id))
    query = select(Criterion.key, Criterion.title, Criterion.rubric).filter_by(project_id=project_id)
    rows = session.execute(query.order_by(Criterion.rubric, Criterion.version, Criterion.position)).all()
    ours = {row.key: row.title for row in rows if row.rubric == own}
    return ours | {row.key: row.title for row in rows if row.key not in ours}
