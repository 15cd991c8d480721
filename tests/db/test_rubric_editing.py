"""Editing scorecards: what counts on, what starts anew, and what may not pass for a change of words."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from evalhub.accounts.projects import create_project
from evalhub.errors import BadInput
from evalhub.models import Project, RubricVersion
from evalhub.rubrics import CriterionDefinition, RubricDefinition, load_library
from evalhub.rubrics.editing import counted_since, outdated, publish
from evalhub.rubrics.stored import choose_rubric, criterion_titles
from evalhub.services import Services

FIRST = RubricDefinition(
    key="own",
    title="Own",
    criteria=(
        CriterionDefinition(key="polite", title="Polite", question="Was it polite?"),
        CriterionDefinition(key="brief", title="Brief", question="Was it brief?"),
    ),
)


def edited(index: int = 0, **changes: Any) -> RubricDefinition:
    criteria = list(FIRST.criteria)
    criteria[index] = replace(criteria[index], **changes)
    return replace(FIRST, criteria=tuple(criteria))


@pytest.fixture
def own(session: Session, project: Project) -> int:
    publish(session, project.id, FIRST, "meaning")
    return project.id


def test_a_change_of_words_carries_answers_over(session: Session, own: int) -> None:
    version = publish(session, own, edited(question="Was the agent polite?"), "wording")
    assert (version.number, version.change_kind) == (2, "wording")
    assert counted_since(session, own, "own") == {"polite": 1, "brief": 1}


def test_a_change_of_meaning_starts_anew_where_something_changed(session: Session, own: int) -> None:
    publish(session, own, edited(question="Was it friendly?"), "meaning")
    publish(session, own, edited(question="Was it a friendly call?"), "wording")
    assert counted_since(session, own, "own") == {"polite": 2, "brief": 1}
    assert outdated(session, own) == [("own", "polite", 2)]


def test_weights_do_not_change_what_is_asked(session: Session, own: int) -> None:
    publish(session, own, edited(weight=3.0, auto_fail=True), "meaning")
    assert counted_since(session, own, "own") == {"polite": 1, "brief": 1}


def test_a_question_that_comes_back_starts_anew(session: Session, own: int) -> None:
    publish(session, own, replace(FIRST, criteria=FIRST.criteria[:1]), "meaning")
    publish(session, own, FIRST, "meaning")
    assert counted_since(session, own, "own") == {"polite": 1, "brief": 3}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"allow_na": False}, "polite.allow_na"),
        ({"applies_to": "turn"}, "polite.applies_to"),
        ({"modality": "audio"}, "polite.modality"),
        ({"type": "ordinal", "levels": ({"value": 1, "label": "a"}, {"value": 2, "label": "b"})}, "polite.type"),
        ({"key": "kind"}, "kind"),
    ],
)
def test_what_changes_the_answers_is_no_change_of_words(
    session: Session, own: int, change: dict[str, Any], place: str
) -> None:
    with pytest.raises(BadInput) as caught:
        publish(session, own, edited(**change), "wording")
    assert place in {problem.path for problem in caught.value.problems}
    assert session.query(RubricVersion).filter_by(project_id=own).count() == 1


def test_publishing_the_same_is_refused(session: Session, own: int) -> None:
    with pytest.raises(BadInput, match="Nothing was changed"):
        publish(session, own, FIRST, "wording")


def test_a_question_is_called_as_on_the_scorecard_that_judges_answer(services: Services) -> None:
    cards = load_library()
    titles = {key: {one.key: one.title for one in card.criteria} for key, card in cards.items()}
    with services.work() as session:
        project = create_project(session, slug="two-cards", name="", by="test")
        assert titles["customer_service"].items() <= criterion_titles(session, project.id).items()
        choose_rubric(session, project, "outbound")
        found = criterion_titles(session, project.id)
    assert titles["outbound"].items() <= found.items()
    assert set(titles["customer_service"]) <= set(found)
