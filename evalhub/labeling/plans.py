"""Making a queue from three answers: which calls, which scorecard, how many.

The population is frozen at once: its filter, its size, the hash of its ids, the seed, and each drawn call's
probability. Which calls match is the caller's business: it hands in a select of conversation ids.
"""

import secrets
from typing import Any

from sqlalchemy import Row, func, insert, literal, select
from sqlalchemy.orm import Session

from evalhub.errors import BadInput, NotFound, Problem
from evalhub.labeling.drawing import Draw, draw
from evalhub.labeling.population import OVERLAP_SHARE, Ids, population
from evalhub.models import Queue, QueueItem, Rubric, RubricVersion, SamplePlan, Slot, Stratum

MOST_CALLS = 10_000


def create_queue(
    session: Session,
    ids: Ids,
    *,
    project_id: int,
    rubric: str,
    calls: int,
    population_query: dict[str, Any],
    name: str = "",
    stratify_by: str | None = None,
    overlap_share: float = OVERLAP_SHARE,
    purpose: str = "estimate",
    seed: int | None = None,
    created_by: str = "",
) -> Queue:
    """Draw `calls` of the conversations that `ids` selects and open a slot for each answer wanted.

    `rubric` is a scorecard's key, its latest version is taken. `stratify_by` is a criterion: calls that its judge
    fails or is unsure about are drawn more often than their share, and the probabilities say so.

    Raises:
        BadInput: nothing matches, or the number of calls is not from 1 to 10,000.
        NotFound: no such scorecard.
    """
    if not 1 <= calls <= MOST_CALLS:
        raise BadInput("How many calls?", [Problem("calls", f"a number from 1 to {MOST_CALLS:,}", str(calls))])
    seed = secrets.randbits(31) if seed is None else seed
    version, title = _latest(session, project_id, rubric)
    drawn = draw(population(session, ids, project_id, stratify_by), calls=calls, seed=seed, overlap_share=overlap_share)
    _check(drawn, calls)
    queue = Queue(
        project_id=project_id,
        name=name or f"{title}, {len(drawn.calls)} calls",
        rubric=rubric,
        rubric_version=version,
        purpose=purpose,
        overlap_share=overlap_share,
        created_by=created_by,
    )
    session.add(queue)
    session.flush()
    _freeze(session, queue, drawn, seed=seed, population_query=population_query, stratify_by=stratify_by)
    return queue


def _latest(session: Session, project_id: int, rubric: str) -> Row[int, str]:
    found = session.execute(
        select(RubricVersion.number, Rubric.title)
        .join(Rubric, (Rubric.project_id == RubricVersion.project_id) & (Rubric.key == RubricVersion.rubric))
        .where(RubricVersion.project_id == project_id, RubricVersion.rubric == rubric)
        .order_by(RubricVersion.number.desc())
        .limit(1)
    ).first()
    if not found:
        raise NotFound(f"There is no scorecard {rubric!r}.")
    return found


def _check(drawn: Draw, calls: int) -> None:
    if not drawn.population:
        raise BadInput("No call matches this filter. Widen it, or send calls first.")
    if calls < len(drawn.population):
        least = len(drawn.population)
        raise BadInput("Too few calls to draw from each part.", [Problem("calls", f"at least {least}", str(calls))])


def _freeze(
    session: Session,
    queue: Queue,
    drawn: Draw,
    *,
    seed: int,
    population_query: dict[str, Any],
    stratify_by: str | None,
) -> None:
    parts = {name: {"population": size, "drawn": drawn.drawn[name]} for name, size in drawn.population.items()}
    plan = SamplePlan(
        project_id=queue.project_id,
        queue_id=queue.id,
        population_query=population_query,
        population_size=sum(drawn.population.values()),
        population_hash=drawn.population_hash,
        seed=seed,
        design={
            "method": "stratified" if stratify_by else "random",
            "size": len(drawn.calls),
            "stratify_by": stratify_by,
            "overlap_share": queue.overlap_share,
            "strata": parts,
        },
    )
    session.add(plan)
    session.flush()
    strata = [Stratum(project_id=queue.project_id, plan_id=plan.id, name=name, **part) for name, part in parts.items()]
    session.add_all(strata)
    session.flush()
    _insert_items(session, queue, plan, {stratum.name: stratum.id for stratum in strata}, drawn)


def _insert_items(session: Session, queue: Queue, plan: SamplePlan, strata: dict[str, int], drawn: Draw) -> None:
    rows = [
        {
            "project_id": queue.project_id,
            "queue_id": queue.id,
            "plan_id": plan.id,
            "stratum_id": strata[call.stratum],
            "conversation_id": call.id,
            "purpose": queue.purpose,
            "rubric_version": queue.rubric_version,
            "inclusion_prob": call.inclusion_prob,
            "random_rank": call.random_rank,
            "split": call.split,
            "is_gold": False,
            "labels_wanted": call.labels_wanted,
        }
        for call in drawn.calls
    ]
    session.execute(insert(QueueItem), rows)
    number = func.generate_series(1, QueueItem.labels_wanted)
    slots = select(QueueItem.project_id, QueueItem.id, number, literal("open"))
    slots = slots.where(QueueItem.project_id == queue.project_id, QueueItem.plan_id == plan.id)
    session.execute(insert(Slot).from_select(["project_id", "item_id", "number", "state"], slots))
