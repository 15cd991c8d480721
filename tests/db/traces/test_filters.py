"""Filters as SQL: the words of a search are looked up once, however many calls there are."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from evalhub.models import Project
from evalhub.traces.filters import Filters, conditions_by_name, ids

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
