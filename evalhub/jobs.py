"""Every job that workers run, by name. Celery makes one task of each entry; tests and commands call them directly.

A job takes the process's Services and small arguments, and may run any number of times: rows with leases decide what
is left to do, the ring only says when to look.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any


@dataclass(frozen=True)
class Job:
    """A piece of background work: where its function stands, and the queue of workers that runs it."""

    place: str
    """module:function, which takes the Services first; only who runs the job loads it"""
    queue: str
    every_s: float | None = None
    """how often the schedule runs it, if at all"""

    def load(self) -> Callable[..., Any]:
        """The function."""
        return resolve_name(self.place)  # type: ignore[no-any-return]


JOBS: dict[str, Job] = {
    "parse_inbox": Job("evalhub.traces.inbox:parse_waiting", queue="ingest"),
    "ingest_spans": Job("evalhub.traces.span_inbox:ingest_waiting", queue="ingest"),
    "assemble_calls": Job("evalhub.traces.assembling:assemble_due", queue="text", every_s=1.0),
    "analyse_recording": Job("evalhub.analysis:analyse", queue="audio"),
    # it waits for others, as judging does
    "fetch_recordings": Job("evalhub.traces.recordings.fetching:fetch_waiting", queue="judge"),
    "forget_audio": Job("evalhub.traces.recordings.forget:forget_doomed", queue="ingest"),
    "evaluate_audio": Job("evalhub.evaluations.running:run_due", queue="audio"),
    "evaluate_text": Job("evalhub.evaluations.checking:check_due", queue="text"),
    "judge": Job("evalhub.evaluations.judging:judge_due", queue="judge"),
    # these look after rows and may take a while: not where spans are stored, nor where judges keep every thread
    "judge_batches": Job("evalhub.evaluations.batching:work_off", queue="text", every_s=60.0),
    "sweep": Job("evalhub.sweep:sweep", queue="text", every_s=3.0),
}
