"""The database: engine, sessions, and the one unit of work at the edge.

Sessions are passed in; only the edge (a request, a job, a command) commits. Jobs asked for inside a unit of work are
sent after its commit and dropped on rollback, so a worker never looks for a row that is not there yet.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import orjson
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, sessionmaker

Sessions = sessionmaker[Session]
PENDING_JOBS = "evalhub.jobs"
RESTED_S = 1.0
"""a connection that was unused for so long is asked whether it still lives before it is used again"""


def open_engine(url: str, *, pool_size: int = 5, at_once: bool = False) -> Engine:
    """An engine whose every connection uses UTC and gives up on a statement after a minute.

    Args:
        at_once: each statement is a transaction by itself, which saves the trips that begin and end one.
    """
    options = "-c timezone=utc -c statement_timeout=60000 -c lock_timeout=10000"
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
