"""The doorbell of the web server: jobs sent to the workers by name, never imported."""

import logging
from threading import Lock, Timer
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

from evalhub.jobs import JOBS
from evalhub.settings import Settings

MOMENT_S = 0.1
log = logging.getLogger("webui.doorbell")


class CeleryDoorbell:
    """Sends jobs by name. A broker that is away never fails a request: the sweep finds the rows.

    Jobs without arguments look for whatever there is, so those rung for within a moment are one ring at its end.
    """

    def __init__(self, settings: Settings) -> None:
        self._lock, self._soon = Lock(), set[str]()
        self.app = Celery("evalhub", broker=settings.broker_url)
        self.app.conf.broker_transport_options = {"socket_connect_timeout": 1, "socket_timeout": 2}
        self.app.conf.broker_connection_max_retries = 0

    def __call__(self, job: str, **arguments: Any) -> None:
        if arguments:
            self._send(job, arguments)
            return
        with self._lock:
            if job in self._soon:
                return
            self._soon.add(job)
        later = Timer(MOMENT_S, self._ring, [job])
        later.daemon = True
        later.start()

    def _ring(self, job: str) -> None:
        with self._lock:
            self._soon.discard(job)
        self._send(job, {})

    def _send(self, job: str, arguments: dict[str, Any]) -> None:
        try:
            self.app.send_task(
                f"evalhub.{job}", kwargs=arguments, queue=JOBS[job].queue, retry=False, ignore_result=True
            )
        except (OperationalError, OSError) as error:
            log.warning("the broker is away, the sweep will find %s: %s", job, error)
