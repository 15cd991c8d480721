"""The doorbell of a worker: jobs that ask for further jobs."""

from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

from evalhub.jobs import JOBS


class CeleryDoorbell:
    """Sends jobs by name. A broker that is away costs nothing but time: the sweep finds the rows."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        app.connection_for_write().get_transport_cls()  # loaded before children are forked, which share it

    def __call__(self, job: str, **arguments: Any) -> None:
        try:
            self.app.send_task(f"evalhub.{job}", kwargs=arguments, queue=JOBS[job].queue, retry=False)
        except OperationalError:
            return
