"""Outcomes of many evaluations, written at once: rows by one statement a kind, scores by COPY."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import ARRAY, JSON, ColumnElement, and_, bindparam, column, delete, func, literal, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from evalhub.evaluators import Outcome
from evalhub.models import PENDING, Evaluation, JudgeAnswer, JudgeVersion, Score

KEY = tuple(Evaluation.__table__.primary_key)
COPIED = [column for column in Score.__table__.columns if column.name != "created_at"]
READ = attrgetter(*(column.name for column in COPIED))
AS_JSON = [index for index, column in enumerate(COPIED) if isinstance(column.type, JSON)]
Written = tuple[Evaluation, Outcome, dict[str, Any]]
"""the row, what its evaluator came to, and the columns that sets"""


def write_many(session: Session, written: Sequence[Written]) -> None:
    """Outcomes and scores of rows that the caller holds. What asks to be tried later keeps the scores it had."""
    if not written:
        return
    _set_results(session, written)
    final = [(evaluation, outcome) for evaluation, outcome, _ in written if outcome.status != PENDING]
    session.execute(delete(Score).where(same_key(Score, keys_of([evaluation for evaluation, _ in final]))))
    _copy_scores(session, ((evaluation, score) for evaluation, outcome in final for score in outcome.scores))


def keys_of(evaluations: Iterable[Evaluation]) -> Any:
    """The keys of these evaluations as a table, in order: PostgreSQL joins it by the index, where a list of tuples was
    compared with every row."""
    columns = list(zip(*sorted(map(_key, evaluations)), strict=True)) or [()] * len(KEY)
    arrays = [literal(list(values), ARRAY(column.type)) for column, values in zip(KEY, columns, strict=True)]
    named = (column(one.name, one.type) for one in KEY)
    return func.unnest(*arrays).table_valued(*named, name="wanted").render_derived()


def same_key(table: Any, wanted: Any) -> ColumnElement[bool]:
    """That a row of evaluations or scores belongs to one of these keys."""
    return and_(*(table.__table__.c[one.name] == wanted.c[one.name] for one in KEY))


def _set_results(session: Session, written: Sequence[Written]) -> None:
    named = {f"key_{column.name}": column for column in KEY}
    statement = update(Evaluation).where(*(column == bindparam(name) for name, column in named.items()))
    names = written[0][2].keys()
    rows = [dict(zip(named, _key(evaluation), strict=True)) | result for evaluation, _, result in written]
    session.connection().execute(statement.values({name: bindparam(name) for name in names}), rows)


def _copy_scores(session: Session, scores: Iterable[tuple[Evaluation, Score]]) -> None:
    names = ", ".join(column.name for column in COPIED)
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"copy score ({names}) from stdin") as copy:
        for evaluation, score in scores:
            score.project_id, score.conversation_id = evaluation.project_id, evaluation.conversation_id
            copy.write_row(_row(score))


def _row(score: Score) -> list[Any]:
    """Its values as COPY takes them; JSON that orjson cannot hold (numbers beyond 64 bit) is left to the caller's
    types."""
    row = list(READ(score))
    for index in AS_JSON:
        if row[index] is not None:
            row[index] = orjson.dumps(row[index], default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    return row


def keep_answers(
    session: Session, bought: Iterable[tuple[Evaluation, Sequence[JudgeAnswer], Sequence[JudgeVersion]]]
) -> None:
    """Answers that judges were paid for, and those judges; what is known already stays as it is."""
    rows: dict[Any, dict[tuple[Any, ...], dict[str, Any]]] = {JudgeVersion: {}, JudgeAnswer: {}}
    for evaluation, answers, judges in bought:
        place = {"project_id": evaluation.project_id, "conversation_id": evaluation.conversation_id}
        for row in (*judges, *answers):
            columns = [column for column in type(row).__table__.columns if column.server_default is None]
            values = {column.name: place.get(column.name) or getattr(row, column.name) for column in columns}
            rows[type(row)][tuple(values[column.name] for column in type(row).__table__.primary_key)] = values
    for kind, found in rows.items():
        if found:
            statement = postgresql.insert(kind).on_conflict_do_nothing()
            session.connection().execute(statement, [found[key] for key in sorted(found)])


def _key(evaluation: Evaluation) -> tuple[Any, ...]:
    return tuple(getattr(evaluation, column.name) for column in KEY)
