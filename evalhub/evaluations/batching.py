"""Questions that go by the Batch API, as rows: kept while they wait, sent together, answered when it is over.

An evaluation that waits names its questions (`details.batched`). What no evaluation waits for any more is not sent: its
rule was switched off, the call changed, or it was asked otherwise meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evalhub.db import ask_for
from evalhub.evaluators import Outcome, digest
from evalhub.models import PENDING, RUNNING, BatchedQuestion, Evaluation
from evalhub.openai_client.batched import IN_BATCH, Batched, Ended, fetch, submit
from evalhub.services import Services

AT_ONCE = 5_000
"""questions in a batch: below what OpenAI takes in number and size"""
PLACE = (BatchedQuestion.project_id, BatchedQuestion.conversation_id)
Place = tuple[int, str]
Answers = dict[str, tuple[int, dict[str, Any]]]


def answers(session: Session, places: Sequence[Place]) -> dict[Place, Answers]:
    """The answers that are there, of many conversations."""
    columns = (*PLACE, BatchedQuestion.name, BatchedQuestion.status, BatchedQuestion.answer)
    answered = select(*columns).where(tuple_(*PLACE).in_(places), BatchedQuestion.status.is_not(None))
    found: dict[Place, Answers] = defaultdict(dict)
    for project_id, conversation_id, name, status, answer in session.execute(answered):
        found[project_id, conversation_id][name] = (int(status or 0), answer or {})
    return found


def keep(session: Session, done: Sequence[tuple[Evaluation, Outcome, Batched]]) -> None:
    """Keep what has to be sent; forget the questions of evaluations that are over."""
    over = [(row.project_id, row.conversation_id) for row, outcome, _ in done if outcome.status != PENDING]
    if over:
        _forget(session, tuple_(*PLACE).in_(over))
    rows = [
        {"project_id": row.project_id, "conversation_id": row.conversation_id, "name": name, "path": path, "body": body}
        for row, outcome, batched in done
        if outcome.status == PENDING
        for name, (path, body) in batched.wanted.items()
    ]
    if rows:
        session.execute(insert(BatchedQuestion).on_conflict_do_nothing(), rows)


def _forget(session: Session, *where: ColumnElement[bool]) -> None:
    """What nobody waits for, unless it is on its way and paid for."""
    is_away = and_(BatchedQuestion.batch_id.is_not(None), BatchedQuestion.status.is_(None))
    unwanted = delete(BatchedQuestion).where(~_wanted_by((PENDING, RUNNING)), ~is_away, *where)
    session.execute(unwanted, execution_options={"synchronize_session": False})


def _wanted_by(statuses: Sequence[str], *where: ColumnElement[bool]) -> ColumnElement[bool]:
    same = (Evaluation.project_id == PLACE[0], Evaluation.conversation_id == PLACE[1])
    named = Evaluation.details["batched"].has_key(BatchedQuestion.name)
    return exists().where(*same, Evaluation.status.in_(statuses), named, *where)


def work_off(services: Services) -> int:
    """Send what waits, fetch what came back. Returns how many questions moved."""
    if not services.settings.judge_batch:
        return 0
    with services.work() as session:
        _forget(session)
    return _send(services) + _collect(services)


def _send(services: Services) -> int:
    """Locked while they are sent, so that none is sent twice; a crash in between may send some again."""
    with services.work() as session:
        is_new = (BatchedQuestion.batch_id.is_(None), BatchedQuestion.status.is_(None))
        waiting = select(BatchedQuestion).where(*is_new, _wanted_by([PENDING], Evaluation.reason_code == IN_BATCH))
        rows = session.scalars(waiting.limit(AT_ONCE).with_for_update(of=BatchedQuestion, skip_locked=True)).all()
        by_path = defaultdict(list)
        for row in rows:
            by_path[row.path].append(row)
        for path, questions in by_path.items():
            named = [(_custom_id(row), row.body) for row in questions]
            batch_id = submit(services.settings, path, named)
            for row in questions:
                row.batch_id = batch_id
        return len(rows)


def _collect(services: Services) -> int:
    with services.sessions() as session:
        sent = select(BatchedQuestion.batch_id).where(
            BatchedQuestion.batch_id.is_not(None), BatchedQuestion.status.is_(None)
        )
        batch_ids = session.scalars(sent.distinct()).all()
    moved = 0
    for batch_id in batch_ids:
        if batch_id and (ended := fetch(services.settings, batch_id)):
            with services.work() as session:
                moved += _take(session, batch_id, ended)
    return moved


def _take(session: Session, batch_id: str, ended: Ended) -> int:
    """Write the answers; what has none is sent again, unless the whole batch was refused. Then let the calls run."""
    rows = session.scalars(select(BatchedQuestion).filter_by(batch_id=batch_id).with_for_update()).all()
    for row in rows:
        name = _custom_id(row)
        if name in ended.answers:
            row.status, row.answer = ended.answers[name]
        elif ended.failed:
            row.status, row.answer = 400, {"error": {"message": f"the batch was refused: {ended.failed}"[:500]}}
        else:
            row.batch_id = None
    places = sorted({(row.project_id, row.conversation_id) for row in rows if row.status is not None})
    waiting = update(Evaluation).where(
        tuple_(Evaluation.project_id, Evaluation.conversation_id).in_(places),
        Evaluation.status == PENDING,
        Evaluation.reason_code == IN_BATCH,
    )
    session.execute(waiting.values(not_before=func.now()), execution_options={"synchronize_session": False})
    ask_for(session, "judge")
    return len(rows)


def _custom_id(row: BatchedQuestion) -> str:
    """A name within the batch; 64 characters are allowed, and ids of clients may be longer."""
    return digest([row.project_id, row.conversation_id, row.name])
