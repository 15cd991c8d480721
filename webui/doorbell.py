"""The doorbell of the web server: jobs sent to the workers by name, never imported."""

import logging
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

from evalhub.jobs import JOBS
from evalhub.settings import Settings

log = logging.getLogger("webui.doorbell")


class CeleryDoorbell:
    """Sends jobs by name. A broker that is away never fails a request: the sweep finds the rows."""

    def __init__(self, settings: Settings) -> None:
        self.app = Celery("evalhub", broker=settings.broker_url)
        self.app.conf.broker_transport_options = {"socket_connect_timeout": 1, "socket_timeout": 2}
        self.app.conf.broker_connection_max_retries = 0

    def __call__(self, job: str, **arguments: Any) -> None:
        try:
            self.app.send_task(
                f"evalhub.{job}", kwargs=arguments, queue=JOBS[job].queue, retry=False, ignore_result=True
            )
        except (OperationalError, OSError) as error:
            log.warning("the broker is away, the sweep will find %s: %s", job, error)
