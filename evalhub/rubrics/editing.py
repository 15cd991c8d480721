"""Editing a scorecard: published versions never change, an edit is a new version that says what it is.

A *wording* edit says the same in other words: labels and verdicts given before still answer it. A *meaning* edit asks
something else: what was answered before is kept, and does not count for it. What changes how a question can be answered
at all (its kind, levels, subject, modality, whether it may be N/A) is a change of meaning whatever its author says; a
question left as it was keeps its answers also where its neighbours changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from evalhub.errors import BadInput, Problem
from evalhub.models import Criterion, Rubric, RubricVersion
from evalhub.rubrics import CriterionDefinition, RubricDefinition, definition_hash, to_version
from evalhub.rubrics.stored import current_version, owned

Change = Literal["wording", "meaning"]
SHAPE = ("type", "applies_to", "modality", "allow_na")
ASKED = (*SHAPE, "title", "question", "levels", "is_fail", "is_not_fail")
"""what an answer depends on; weight and auto-fail only say what is made of it"""


def definition_of(rubric: Rubric, version: RubricVersion) -> RubricDefinition:
    """A stored version as a definition, to start an edit from."""
    names = [field.name for field in fields(CriterionDefinition)]
    criteria = [
        CriterionDefinition(**{name: _frozen(getattr(criterion, name)) for name in names})
        for criterion in version.criteria
    ]
    return RubricDefinition(
        key=rubric.key, title=rubric.title, description=rubric.description, criteria=tuple(criteria)
    )


def publish(session: Session, project_id: int, edited: RubricDefinition, change: Change) -> RubricVersion:
    """Publish an edit of a project's scorecard, or its first version where there is none of that key.

    Raises:
        BadInput: nothing changed, or a change of wording that changes how questions are answered.
    """
    before = current_version(session, project_id, edited.key)
    if before is None:
        session.add(Rubric(project_id=project_id, key=edited.key, title=edited.title, description=edited.description))
        session.flush()
        return _add(session, project_id, to_version(edited, 1))
    rubric = session.get_one(Rubric, (project_id, edited.key))
    if definition_hash(definition_of(rubric, before)) == definition_hash(edited):
        raise BadInput("Nothing was changed.")
    if change == "wording" and (reshaped := list(_reshaped(before, edited))):
        raise BadInput("This changes what is asked, not only its words. Publish it as a change of meaning.", reshaped)
    rubric.title, rubric.description = edited.title, edited.description
    version = to_version(edited, before.number + 1)
    version.change_kind = change
    return _add(session, project_id, version)


def _reshaped(before: RubricVersion, edited: RubricDefinition) -> list[Problem]:
    old = {criterion.key: criterion for criterion in before.criteria}
    new = {criterion.key: criterion for criterion in edited.criteria}
    found = [Problem(key, "to be kept", "a question taken away") for key in old.keys() - new.keys()]
    found += [Problem(key, "to come with a change of meaning", "a new question") for key in new.keys() - old.keys()]
    for key in [key for key in new if key in old]:
        found += [
            Problem(f"{key}.{name}", repr(getattr(old[key], name)), repr(getattr(new[key], name)))
            for name in SHAPE
            if getattr(old[key], name) != getattr(new[key], name)
        ]
        if _values(old[key].levels) != _values(new[key].levels):
            found.append(Problem(f"{key}.levels", repr(_values(old[key].levels)), repr(_values(new[key].levels))))
    return found


def every_version(session: Session, project_id: int, key: str | None = None) -> dict[str, list[RubricVersion]]:
    """The versions of every scorecard with their criteria, the newest first; or of one."""
    query = select(RubricVersion).filter_by(project_id=project_id).order_by(RubricVersion.number.desc())
    query = query.filter_by(rubric=key) if key else query
    found: dict[str, list[RubricVersion]] = {}
    for version in session.scalars(query.options(selectinload(RubricVersion.criteria))):
        found.setdefault(version.rubric, []).append(version)
    return found


def counted_since(session: Session, project_id: int, key: str) -> dict[str, int]:
    """Per question of the newest version, the oldest version whose answers still answer it."""
    return since_of(every_version(session, project_id, key).get(key, []))


def since_of(versions: Sequence[RubricVersion]) -> dict[str, int]:
    """The same of versions that are there, the newest first."""
    return {criterion.key: _since(criterion, versions) for criterion in versions[0].criteria} if versions else {}


def outdated(session: Session, project_id: int) -> list[tuple[str, str, int]]:
    """Questions that were given another meaning: (rubric, criterion, the version from which answers count)."""
    versions = every_version(session, project_id)
    since = [(key, name, first) for key, own in versions.items() for name, first in since_of(own).items()]
    return [one for one in since if one[2] > 1]


def _since(criterion: Criterion, versions: Sequence[RubricVersion]) -> int:
    """Back through the versions as long as this question meant the same."""
    for newer, older in pairwise(versions):
        before = next((one for one in older.criteria if one.key == criterion.key), None)
        after = next(one for one in newer.criteria if one.key == criterion.key)
        if before is None or (newer.change_kind == "meaning" and _asked(before) != _asked(after)):
            return newer.number
    return versions[-1].number


def _asked(criterion: Criterion) -> list[object]:
    return [getattr(criterion, name) for name in ASKED]


def _values(levels: Sequence[dict[str, object]] | None) -> list[object]:
    return [level["value"] for level in levels or ()]


def _add(session: Session, project_id: int, version: RubricVersion) -> RubricVersion:
    session.add(owned(version, project_id))
    session.flush()
    return version


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else () if value is None else value
