"""Every job that workers run, by name. Celery makes one task of each entry; tests and commands call them directly.

A job takes the process's Services and small arguments, and may run any number of times: rows with leases decide what
is left to do, the ring only says when to look.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from evalhub.services import Services


@dataclass(frozen=True)
class Job:
    """A piece of background work: the function, and the queue of workers that runs it."""

    run: Callable[..., Any]
    queue: str
    every_s: float | None = None
    """how often the schedule runs it, if at all"""


def parse_inbox(services: Services) -> int:
    """Parse what waits in the inbox into conversations. Returns how many bodies."""
    from evalhub.traces import inbox

    return inbox.parse_waiting(services)


def ingest_spans(services: Services) -> int:
    """Store the spans and log records that wait in the inbox. Returns how many bodies."""
    from evalhub.traces import span_inbox

    return span_inbox.ingest_waiting(services)


def assemble_calls(services: Services) -> int:
    """Read traced calls that have new spans as conversations. Returns how many."""
    from evalhub.traces import assembling

    return assembling.assemble_due(services)


def analyse_recording(services: Services, project_id: int, sha256: str) -> None:
    """Read a recording once: length, peaks for the page, voiced intervals for every metric."""
    from evalhub import analysis

    analysis.analyse(services, project_id, sha256)


def fetch_recordings(services: Services) -> int:
    """Fetch the sound that reports link to, where that is allowed. Returns how many tries were made."""
    from evalhub.traces.recordings import fetching

    return fetching.fetch_waiting(services)


def forget_audio(services: Services) -> int:
    """Delete sound that nothing refers to any more. Returns how many files were looked at."""
    from evalhub.traces.recordings import forget

    return forget.forget_doomed(services)


def evaluate(services: Services, project_id: int, conversation_id: str, kind_of_work: str) -> int:
    """Run the due evaluations of one conversation for one kind of work. Returns how many ran."""
    from evalhub.evaluations import running

    return running.run_due(services, project_id, conversation_id, kind_of_work)


def check_words(services: Services) -> int:
    """Run the checks of words and actions that are due, many calls at a time. Returns how many ran."""
    from evalhub.evaluations import checking

    return checking.check_due(services)


def judge(services: Services) -> int:
    """Run the judge evaluations that are due, many at once. Returns how many ran."""
    from evalhub.evaluations import judging

    return judging.judge_due(services)


def judge_batches(services: Services) -> int:
    """Send what waits for the Batch API, fetch what came back. Returns how many questions moved."""
    from evalhub.evaluations import batching

    return batching.work_off(services)


def sweep_up(services: Services) -> None:
    """Ring again for whatever got lost, and end conversations that went quiet."""
    from evalhub.sweep import sweep

    sweep(services)


JOBS: dict[str, Job] = {
    "parse_inbox": Job(parse_inbox, queue="ingest"),
    "ingest_spans": Job(ingest_spans, queue="ingest"),
    "assemble_calls": Job(assemble_calls, queue="text", every_s=1.0),
    "analyse_recording": Job(analyse_recording, queue="audio"),
    "fetch_recordings": Job(fetch_recordings, queue="judge"),  # it waits for others, as judging does
    "forget_audio": Job(forget_audio, queue="ingest"),
    "evaluate_audio": Job(evaluate, queue="audio"),
    "evaluate_text": Job(check_words, queue="text"),
    "judge": Job(judge, queue="judge"),
    # these look after rows and may take a while: not where spans are stored, nor where judges keep every thread
    "judge_batches": Job(judge_batches, queue="text", every_s=60.0),
    "sweep": Job(sweep_up, queue="text", every_s=3.0),
}
