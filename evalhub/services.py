"""What a process of evalhub holds open: settings, database sessions, the audio store, the doorbell."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from evalhub.db import Sessions, open_engine, open_sessions, unit_of_work
from evalhub.errors import SetupError
from evalhub.settings import Settings
from evalhub.storage import AudioStore

REPEATABLE = {
    "synchronous_commit": "off",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""It does not wait for the disk. And it finds a few rows by their keys, never a whole table: while tables have few rows
reading all of them is cheapest, such plans are kept, and were still used when there were thousands."""


class Doorbell(Protocol):
    """Tells workers that there is work. Losing a ring loses nothing: the rows are the truth and a sweep finds them."""

    def __call__(self, job: str, **arguments: Any) -> None: ...


def nobody(job: str, **arguments: Any) -> None:
    """The doorbell of a process without a broker: the sweep will find the rows."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """Handed to every job and request."""

    settings: Settings
    engine: Engine
    sessions: Sessions
    at_once: Engine
    """whose every statement is a transaction by itself"""
    repeatable: Engine
    """for what only turns stored rows into others"""
    audio: AudioStore
    ring: Doorbell = nobody

    @contextmanager
    def work(self, *, repeatable: bool = False) -> Iterator[Session]:
        """One unit of work: commit at the end, then ring for the jobs it asked for.

        Args:
            repeatable: it only turns stored rows into others, and says so in the same transaction. Its commit does not
                wait for the disk: what a crash of the database undoes is simply due again.
        """
        sessions = partial(self.sessions, bind=self.repeatable) if repeatable else self.sessions
        with unit_of_work(sessions, self.ring) as session:
            yield session

    @contextmanager
    def one_statement(self, *, repeatable: bool = False) -> Iterator[Session]:
        """A unit of work of a single statement, which is a transaction by itself: two trips to the database fewer."""
        engine = self.repeatable.execution_options(isolation_level="AUTOCOMMIT") if repeatable else self.at_once
        with unit_of_work(partial(self.sessions, bind=engine), self.ring) as session:
            yield session

    def close(self) -> None:
        """Give the database connections back."""
        self.engine.dispose()
        self.at_once.dispose()
        self.repeatable.dispose()


def open_services(settings: Settings, ring: Doorbell = nobody, *, pool_size: int = 5) -> Services:
    """Connect lazily: nothing is contacted until the first query.

    Raises:
        SetupError: no database is configured.
    """
    if not settings.database_url:
        raise SetupError("No database is configured.", mend="Run `evalhub up`, or set EVALHUB_DATABASE_URL.")
    engine = open_engine(settings.database_url, pool_size=pool_size)
    return Services(
        settings=settings,
        engine=engine,
        sessions=open_sessions(engine),
        at_once=open_engine(settings.database_url, pool_size=pool_size, at_once=True),
        repeatable=open_engine(settings.database_url, pool_size=pool_size, settings=REPEATABLE),
        audio=AudioStore(settings.audio_dir),
        ring=ring,
    )
