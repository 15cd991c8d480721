"""Filters as SQL: the words of a search are looked up once, however many calls there are."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from evalhub.models import Conversation, Project
from evalhub.traces.filters import NONE, Filters, conditions_by_name, ids
from evalhub.traces.queries import choices

pytestmark = pytest.mark.db


def plan_of(session: Session, query: object) -> str:
    compiled = str(query.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))  # type: ignore[attr-defined]
    return "\n".join(session.scalars(text(f"explain {compiled}".replace(":", r"\:"))))


def test_words_are_looked_up_once_not_for_every_call(session: Session, project: Project) -> None:
    plan = plan_of(session, ids(project.id, Filters(q="refund")))
    assert "hashed SubPlan" in plan


def test_a_filter_that_is_given_is_one_condition_by_the_name_it_has_in_an_address() -> None:
    given = {"q": "refund", "agent": "a", "from": "2026-11-01", "to": "2026-11-02", "tag": "vip", "audio": "no"}
    assert set(conditions_by_name(1, Filters.from_args(given))) == set(given)
    assert conditions_by_name(1, Filters()) == {}


@pytest.mark.parametrize("unsaid", [None, ""])
def test_calls_of_an_agent_without_a_version_are_found(session: Session, project: Project, unsaid: str | None) -> None:
    for call, version in (("named", "v1"), ("unnamed", unsaid)):
        of_call = {"project_id": project.id, "id": call, "agent_name": "desk", "agent_version": version}
        session.add(Conversation(**of_call, state="ended"))
    session.flush()
    found = Filters.from_args({"agent": "desk", "version": NONE})
    assert session.scalars(ids(project.id, found)).all() == ["unnamed"]
    assert choices(session, project.id) == {"agent": ["desk"], "version": ["v1", NONE]}
