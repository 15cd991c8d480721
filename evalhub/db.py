"""The database: engine, sessions, and the one unit of work at the edge.

Sessions are passed in; only the edge (a request, a job, a command) commits. Jobs asked for inside a unit of work are
sent after its commit and dropped on rollback, so a worker never looks for a row that is not there yet.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from types import MappingProxyType
from typing import Any, cast

import orjson
from sqlalchemy import ARRAY, ColumnElement, Engine, Text, any_, create_engine, event, literal
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, sessionmaker

Sessions = sessionmaker[Session]
PENDING_JOBS = "evalhub.jobs"
ALWAYS = {"timezone": "utc", "statement_timeout": "60000", "lock_timeout": "10000"}
RESTED_S = 1.0
"""a connection that was unused for so long is asked whether it still lives before it is used again"""


def open_engine(
    url: str, *, pool_size: int = 5, at_once: bool = False, settings: Mapping[str, str] = MappingProxyType({})
) -> Engine:
    """An engine whose every connection uses UTC and gives up on a statement after a minute.

    Args:
        at_once: each statement is a transaction by itself, which saves the trips that begin and end one.
        settings: what else is set on every connection.
    """
    options = "".join(f"-c {name}={value} " for name, value in {**ALWAYS, **settings}.items())
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        json_deserializer=orjson.loads,
        **({"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True} if at_once else {}),
        connect_args={"options": options, "application_name": "evalhub"},
    )
    _ask_the_rested(engine)
    return engine


def _ask_the_rested(engine: Engine) -> None:
    """As `pool_pre_ping`, but not before every use: a busy server would ask hundreds of times a second."""

    @event.listens_for(engine, "checkin")
    def note(_: Any, record: Any) -> None:
        record.info["used_at"] = monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: Any, record: Any, _: Any) -> None:
        if monotonic() - record.info.get("used_at", monotonic()) > RESTED_S:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error


def open_sessions(engine: Engine) -> Sessions:
    """Sessions that keep loaded objects usable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)


def one_of(column: Any, texts: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column of text is one of these: like `in_`, but the same statement however many there are."""
    return cast("ColumnElement[bool]", column == any_(literal(sorted(texts), ARRAY(Text()))))


def ask_for(session: Session, job: str, **arguments: Any) -> None:
    """Ask for a job of evalhub.jobs.JOBS, to be sent when this session's unit of work has committed."""
    wanted = session.info.setdefault(PENDING_JOBS, {})
    wanted[(job, *sorted(arguments.items()))] = (job, arguments)


@contextmanager
def unit_of_work(sessions: Callable[[], Session], ring: Any = None) -> Iterator[Session]:
    """One transaction; commits at the end, rolls back on any exception, then sends the jobs it asked for.

    `ring(job, **arguments)` is the doorbell. Without one the rows wait for the next sweep.
    """
    with sessions() as session, session.begin():
        yield session
        wanted = list(session.info.pop(PENDING_JOBS, {}).values())
    for job, arguments in wanted if ring is not None else ():
        ring(job, **arguments)
