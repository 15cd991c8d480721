"""Plans: what was asked is frozen, the database refuses an estimate without probabilities."""

import hashlib

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evalhub.errors import BadInput, NotFound
from evalhub.labeling.plans import create_queue
from evalhub.labeling.population import preview
from evalhub.models import Conversation, Evaluation, Project, Queue, QueueItem, SamplePlan, Score, Slot, Stratum
from evalhub.services import Services
from tests.db.labeling.making import add_calls, add_rubric, all_calls, make_queue

VERDICTS = {"fail": 20, "unsure": 10, "pass": 60}


def judge(session: Session, project_id: int, verdicts: dict[str, int]) -> None:
    """A judge's verdict on the first calls, in order; the rest stays without."""
    calls = iter(session.scalars(all_calls(project_id).order_by(Conversation.id)))
    given = [(next(calls), verdict) for verdict, count in verdicts.items() for _ in range(count)]
    shared = {"project_id": project_id, "evaluator": "judge", "version": "1", "config_hash": ""}
    session.execute(
        insert(Evaluation),
        [shared | {"conversation_id": c, "kind_of_work": "judge", "status": "done", "attempt": 1} for c, _ in given],
    )
    score = shared | {"metric": "criterion.policy", "subject_type": "conversation", "subject_id": ""}
    score |= {"evidence": [], "policy": {}, "counts": {}}
    session.execute(insert(Score), [score | {"conversation_id": c, "verdict": v} for c, v in given])


def test_the_plan_says_what_was_drawn_from(session: Session, project: Project) -> None:
    add_rubric(session, project.id)
    add_calls(session, project.id, 50)
    queue = make_queue(session, project.id, calls=10, overlap_share=0.2, population_query={"agent": "returns"})
    plan = session.scalars(select(SamplePlan)).one()
    ids = sorted(session.scalars(all_calls(project.id)))
    assert plan.population_hash == hashlib.sha256("".join(f"{call}\n" for call in ids).encode()).hexdigest()
    assert (plan.population_size, plan.seed, plan.population_query) == (50, 42, {"agent": "returns"})
    assert plan.design["strata"] == {"all": {"population": 50, "drawn": 10}}
    assert session.scalar(select(func.sum(1 / QueueItem.inclusion_prob))) == pytest.approx(50)
    assert session.scalar(select(func.count()).select_from(Slot)) == 12
    assert (queue.name, queue.rubric_version) == ("Care, 10 calls", 1)


def test_the_same_seed_draws_the_same_calls_again(session: Session, project: Project) -> None:
    add_rubric(session, project.id)
    add_calls(session, project.id, 50)
    drawn = []
    for queue in [make_queue(session, project.id, calls=10) for _ in range(2)]:
        items = select(QueueItem.conversation_id, QueueItem.random_rank).filter_by(queue_id=queue.id)
        drawn.append(set(session.execute(items).all()))
    assert drawn[0] == drawn[1]


def test_what_the_judge_fails_is_drawn_more_often_and_weighs_less(session: Session, project: Project) -> None:
    add_rubric(session, project.id)
    add_calls(session, project.id, 100)
    judge(session, project.id, VERDICTS)
    make_queue(session, project.id, calls=45, stratify_by="policy")
    strata = {stratum.name: stratum for stratum in session.scalars(select(Stratum))}
    assert {name: stratum.population for name, stratum in strata.items()} == {"fail": 20, "unsure": 20, "pass": 60}
    weights = select(QueueItem.stratum_id, func.sum(1 / QueueItem.inclusion_prob)).group_by(QueueItem.stratum_id)
    for stratum in strata.values():
        assert dict(session.execute(weights).all())[stratum.id] == pytest.approx(stratum.population)
    assert strata["fail"].drawn / 20 > strata["pass"].drawn / 60


def test_more_calls_than_there_are_takes_them_all(session: Session, project: Project) -> None:
    add_rubric(session, project.id)
    add_calls(session, project.id, 4)
    make_queue(session, project.id, calls=60)
    assert session.scalars(select(QueueItem.inclusion_prob)).all() == [1.0] * 4


@pytest.mark.parametrize(
    ("asked", "refusal"), [({"calls": 0}, BadInput), ({"rubric": "nope"}, NotFound), ({}, BadInput)]
)
def test_a_queue_of_nothing_is_refused_with_the_reason(
    session: Session, project: Project, asked: dict[str, object], refusal: type[Exception]
) -> None:
    add_rubric(session, project.id)
    with pytest.raises(refusal):
        make_queue(session, project.id, **asked)
    assert session.scalars(select(Queue)).all() == []


def test_the_preview_counts_calls_and_listening_time(session: Session, project: Project) -> None:
    add_calls(session, project.id, 40)
    seen = preview(session, all_calls(project.id), project_id=project.id, calls=10, overlap_share=0.2)
    assert (seen.population, seen.calls, seen.answers) == (40, 10, 12)
    assert (seen.median_call_ms, seen.listening_ms) == (180_000, 12 * 180_000)
    nothing = preview(session, all_calls(project.id).where(Conversation.id == "x"), project_id=project.id, calls=10)
    assert (nothing.population, nothing.listening_ms) == (0, None)


def test_an_estimate_without_probability_is_refused_by_the_database(session: Session, project: Project) -> None:
    add_rubric(session, project.id)
    add_calls(session, project.id, 3)
    make_queue(session, project.id)
    item = session.scalars(select(QueueItem)).first()
    item.inclusion_prob = None
    with pytest.raises(IntegrityError, match="estimate_needs_probability"):
        session.flush()


def test_a_call_of_another_project_is_never_drawn(services: Services, session: Session, project: Project) -> None:
    with services.work() as other:
        stranger = Project(slug="other", name="Other")
        other.add(stranger)
        other.flush()
        add_calls(other, stranger.id, 5, prefix="theirs")
    add_rubric(session, project.id)
    with pytest.raises(BadInput, match="No call matches"):
        create_queue(session, all_calls(project.id), project_id=project.id, rubric="care", calls=5, population_query={})
