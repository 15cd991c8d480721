"""One task per job, and the base they share: services opened once per process, failures logged at this edge."""

import logging
from collections.abc import Callable
from functools import cache
from typing import Any

from celery import Celery

from evalhub.jobs import JOBS, Job
from evalhub.services import Doorbell, Services, open_services
from evalhub.settings import Settings

log = logging.getLogger("evalhub.workers")


@cache
def process_services(settings: Settings, ring: Doorbell) -> Services:
    """What this process holds open. Opened at the first job, so that a forked child never shares a connection."""
    return open_services(settings, ring)


def close_services() -> None:
    """Forget what this process holds open."""
    process_services.cache_clear()


def add_tasks(app: Celery, settings: Settings, ring: Doorbell) -> None:
    """Register a task for every job."""
    for name, job in JOBS.items():
        app.task(_task(name, job, settings, ring), name=f"evalhub.{name}")


def _task(name: str, job: Job, settings: Settings, ring: Doorbell) -> Callable[..., None]:
    def run(**arguments: Any) -> None:
        try:
            job.load()(process_services(settings, ring), **arguments)
        except Exception:  # the job edge: the rows keep their leases and are handed out again
            log.exception("job %s%s failed", name, arguments)

    return run
