"""The Celery app. Its tasks are the jobs of the library, each sent to the queue that the job names."""

from contextlib import suppress
from typing import Any

from celery import Celery, bootsteps, signals
from celery.beat import EmbeddedService
from sqlalchemy.exc import OperationalError

from evalhub.jobs import JOBS
from evalhub.leases import free_of_queue
from evalhub.services import open_services
from evalhub.settings import Settings
from evalhub.settling import settle
from workers.doorbell import CeleryDoorbell
from workers.tasks import add_tasks, close_services

settings = Settings.from_env()
app = Celery("evalhub", broker=settings.broker_url or "redis://localhost:6379/0")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=False,  # rows with leases say what is left to do, not the broker
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    worker_disable_rate_limits=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 3600},
    beat_scheduler="celery.beat:Scheduler",  # in memory: every entry is safe to run at any time
    beat_max_loop_interval=1,
    task_default_queue="ingest",
    beat_schedule={
        name: {
            "task": f"evalhub.{name}",
            "schedule": job.every_s,
            "options": {"queue": job.queue, "expires": job.every_s},
        }
        for name, job in JOBS.items()
        if job.every_s
    },
)
add_tasks(app, settings, CeleryDoorbell(app))


class Schedule(bootsteps.StartStopStep):
    """Sends the recurring jobs from a thread of this worker; Celery's own --beat is a whole process more."""

    def __init__(self, parent: Any, schedule: bool = False, **options: Any) -> None:
        super().__init__(parent, **options)
        self.enabled = schedule

    def create(self, parent: Any) -> Any:
        return EmbeddedService(parent.app, thread=True)


class TakeUp(bootsteps.StartStopStep):
    """Frees what the worker before held: where only one works off these queues, it is no more."""

    def __init__(self, parent: Any, alone: bool = False, **options: Any) -> None:
        super().__init__(parent, **options)
        self.enabled = alone

    def start(self, parent: Any) -> None:
        services = open_services(settings)
        with suppress(OperationalError), services.work() as session:  # without a database they end by themselves
            for queue in parent.app.amqp.queues.consume_from:
                free_of_queue(session, queue)
        services.close()


app.steps["worker"].update((TakeUp, Schedule))


@signals.worker_init.connect
def load(sender: Any, **_: Any) -> None:
    """Load what the jobs of these queues need, before processes are forked for them."""
    for job in JOBS.values():
        if job.queue in sender.app.amqp.queues.consume_from:
            job.load()
    settle()


@signals.worker_process_shutdown.connect
def close(**_: Any) -> None:
    """Give the database connections back."""
    close_services()
