"""Writing many rows at once: COPY, and where one of them is there already, an upsert, in sorted order.

psycopg writes rows over COPY at several times the speed of one INSERT each, and PostgreSQL takes them at several times
less work; in the binary format neither side looks at each character for one to escape. Rows go in the order they come;
sorted by key, two workers never lock crosswise.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
import psycopg
from psycopg.adapt import Dumper
from psycopg.errors import UniqueViolation
from psycopg.postgres import types
from psycopg.pq import Format
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from evalhub.models.base import Base
from evalhub.traces.bodies import without_nul

Row = tuple[Any, ...]
POSTGRESQL: Any = postgresql.dialect  # SQLAlchemy says no types of it


class _JsonText(Dumper):
    """What `json_text` made, for a column of jsonb: the version of its form, 1, and the text (jsonb_recv)."""

    format, oid = Format.BINARY, types["jsonb"].oid

    def dump(self, obj: str) -> bytes:
        return b"\x01" + obj.encode()


def write(session: Session, table: str, columns: tuple[str, ...], rows: Sequence[Row], on_conflict: str) -> None:
    """Most rows are new and go straight in; where one is there already, all go by `upsert`.

    JSON is text that `json_text` made, all else a value of its column's type.

    Args:
        on_conflict: SQL after `on conflict`: the key and what is done.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses a row; none of them is written.
    """
    if not rows:
        return
    try:
        with session.begin_nested():
            _copy(session, table, _types(table, columns), rows)
    except IntegrityError as problem:
        if not isinstance(problem.orig, UniqueViolation):
            raise
        upsert(session, table, columns, rows, on_conflict)


def upsert(session: Session, table: str, columns: tuple[str, ...], rows: Sequence[Row], on_conflict: str) -> None:
    """Rows of which some are there already, by a table of this connection.

    It has every column: the next rows for the same table may fill others.
    """
    names, stage = ", ".join(columns), f"{table}_stage"
    empty = f"select * from {table} with no data"  # noqa: S608  names of our own, here and below
    session.execute(text(f"create temp table if not exists {stage} on commit delete rows as {empty}"))
    session.execute(text(f"delete from {stage}"))  # noqa: S608
    _copy(session, stage, _types(table, columns), rows)
    staged = f"select {names} from {stage}"  # noqa: S608
    session.execute(text(f"insert into {table} ({names}) {staged} on conflict {on_conflict}"))


def _copy(session: Session, table: str, columns: dict[str, str], rows: Sequence[Row]) -> None:
    driver: Any = session.connection().connection.driver_connection
    statement = f"copy {table} ({', '.join(columns)}) from stdin (format binary)"
    try:
        with driver.cursor() as cursor:
            cursor.adapters.register_dumper(None, _JsonText)
            with cursor.copy(statement) as copy:
                copy.set_types(list(columns.values()))
                for row in rows:
                    copy.write_row(row)
    except (psycopg.Error, OverflowError) as error:  # told as every other statement's is
        told = error if isinstance(error, psycopg.Error) else psycopg.DataError(str(error))
        raise DBAPIError.instance(statement, None, told, psycopg.Error) from error


@cache
def _types(table: str, columns: tuple[str, ...]) -> dict[str, str]:
    """The type of each of these columns, as PostgreSQL calls it."""
    held = Base.metadata.tables[table].columns
    return {name: held[name].type.compile(POSTGRESQL()).lower() for name in columns}


def json_text(value: Any) -> str:
    """JSON that PostgreSQL can keep: every U+0000 in it is written out."""
    packed = _packed(value)
    if b"\\u0000" in packed:  # one look at the whole is cheaper than one at each value
        packed = _packed(without_nul(value))
    return packed.decode()


def _packed(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # a key that is no text; to be ready for one takes twice the time of those that are
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
