"""Judge evaluations as rows, by the batch: claimed and loaded, leases renewed, outcomes written. No query per call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, update

from evalhub.evaluations import batching, drawing
from evalhub.evaluations.content import content_hash
from evalhub.evaluations.context import judge_contexts, named_rubrics
from evalhub.evaluations.rows import Done, conversations_of, lease, place_of
from evalhub.evaluations.running import evaluator_of, not_runnable, result_of
from evalhub.evaluations.writing import write_many
from evalhub.evaluators import Context, Outcome
from evalhub.models import PENDING, RUNNING, Conversation, Evaluation
from evalhub.openai_client.batched import Batched
from evalhub.services import Services

LEASE = timedelta(seconds=120)


@dataclass(frozen=True)
class Ask:
    """An evaluation that is to be run."""

    evaluation: Evaluation
    conversation: Conversation
    context: Context
    batched: Batched | None = None
    """where its questions go, if by the batch"""


@dataclass
class Claimed:
    """What was claimed: to be run, and settled without."""

    asks: list[Ask] = field(default_factory=list)
    settled: list[tuple[Evaluation, Outcome]] = field(default_factory=list)


def claim(services: Services, owner: str, limit: int) -> Claimed:
    """Lease due judge evaluations and load what they need. Those that are not drawn are settled and written at once."""
    claimed = Claimed()
    with services.work() as session:
        evaluations = lease(session, owner, "judge", limit, LEASE)
        if not evaluations:
            return claimed
        conversations = conversations_of(session, evaluations)
        contexts = judge_contexts(services, session, conversations)
        rubrics = named_rubrics(session, evaluations)
        draws = drawing.draws(session, evaluations, services.settings)
        batches = batching.answers(session, list(conversations)) if services.settings.judge_batch else None
        for evaluation in evaluations:
            place = place_of(evaluation)
            settled = not_runnable(evaluation) or draws[evaluation.project_id].left_out(evaluation)
            if settled:
                claimed.settled.append((evaluation, settled))
            else:
                batched = None if batches is None else Batched(batches.get(place, {}))
                ask = _ask(evaluation, conversations[place], contexts[place], draws, batched)
                if named := (evaluation.config or {}).get("rubric"):
                    ask.context.rubric = rubrics[evaluation.project_id, named]
                claimed.asks.append(ask)
        write_many(session, [(one, outcome, result_of(one, outcome)) for one, outcome in claimed.settled])
    return claimed


def _ask(
    evaluation: Evaluation,
    conversation: Conversation,
    shared: Context,
    draws: dict[int, drawing.Draw],
    batched: Batched | None,
) -> Ask:
    """An evaluation with a context of its own; what is the same for its conversation it shares."""
    draw = draws[evaluation.project_id]
    context = Context(
        settings=shared.settings,
        audio_path=shared.audio_path,
        rubric=shared.rubric,
        prices=shared.prices,
        shared=shared.shared,
        known=shared.known,
        ask_again=batched is None and draw.again(conversation.id),
    )
    context.details = draw.details(evaluation)
    return Ask(evaluation, conversation, context, batched)


def finished(ask: Ask, outcome: Outcome) -> Done:
    """What is to be kept of a run."""
    ask.evaluation.content_hash = content_hash(ask.conversation, evaluator_of(ask.evaluation))
    outcome.details = ask.context.details | outcome.details
    if ask.batched and outcome.status == PENDING:
        before = (ask.evaluation.details or {}).get("batched", [])  # who was held back has asked nothing this time
        outcome.details["batched"] = ask.batched.asked or before
    return Done(ask.evaluation, outcome, ask.context.bought, list(ask.context.judges.values()), ask.batched)


def renew(services: Services, owner: str) -> None:
    """Hold on to everything that is still being worked on."""
    ours = update(Evaluation).where(
        Evaluation.kind_of_work == "judge", Evaluation.status == RUNNING, Evaluation.lease_owner == owner
    )
    with services.work() as session:
        session.execute(ours.values(lease_until=func.now() + LEASE), execution_options={"synchronize_session": False})
