"""Scorecards: what there is to choose from, at its latest version."""

import pytest
from sqlalchemy.orm import Session

from evalhub.errors import NotFound
from evalhub.labeling.scorecards import judged_criteria, scorecards, versions
from evalhub.models import Criterion, Evaluation, Project, RubricVersion, Score
from tests.db.labeling.making import add_calls, add_rubric


def test_a_scorecard_is_listed_at_its_latest_version(session: Session, project: Project) -> None:
    add_rubric(session, project.id)
    key = {"project_id": project.id, "rubric": "care"}
    session.add(RubricVersion(**key, number=2, definition_hash="2", change_kind="meaning"))
    session.flush()
    session.add(Criterion(**key, version=2, key="tone", title="Tone", question="How?"))
    session.flush()
    [card] = scorecards(session, project.id)
    assert (card.key, card.version, card.criteria, card.critical, card.labels) == ("care", 2, 1, 0, 0)
    rubric, published = versions(session, project.id, "care")
    assert (rubric.title, [version.number for version in published]) == ("Care", [2, 1])
    assert [criterion.key for criterion in published[1].criteria] == ["policy", "tone"]


def test_an_unknown_scorecard_is_not_found(session: Session, project: Project) -> None:
    with pytest.raises(NotFound, match="no scorecard 'nope'"):
        versions(session, project.id, "nope")


def test_only_judged_criteria_are_offered_to_draw_by(session: Session, project: Project) -> None:
    add_rubric(session, project.id)
    add_calls(session, project.id, 1)
    assert judged_criteria(session, project.id) == []
    of_call = {"project_id": project.id, "conversation_id": "call-00000", "evaluator": "judge", "version": "1"}
    session.add(Evaluation(**of_call, kind_of_work="judge"))
    session.flush()
    session.add(Score(**of_call, metric="criterion.policy", verdict="fail"))
    session.flush()
    assert judged_criteria(session, project.id) == [("policy", "Policy")]
