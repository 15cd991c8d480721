"""The doorbell of the web server: jobs sent to the workers by name, never imported."""

import logging
from threading import Condition, Thread
from time import sleep
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
        self._asked, self._soon = Condition(), set[str]()
        self._ringer: Thread | None = None
        self.app = Celery("evalhub", broker=settings.broker_url)
        self.app.conf.broker_transport_options = {"socket_connect_timeout": 1, "socket_timeout": 2}
        self.app.conf.broker_connection_max_retries = 0
        self.app.connection_for_write().get_transport_cls()  # loaded before processes are forked, which share it

    def __call__(self, job: str, **arguments: Any) -> None:
        if arguments:
            self._send(job, arguments)
            return
        with self._asked:
            self._soon.add(job)
            if self._ringer is None or not self._ringer.is_alive():  # threads outlive neither a fork nor a fault
                self._ringer = Thread(target=self._ring_on, daemon=True)
                self._ringer.start()
            self._asked.notify()

    def _ring_on(self) -> None:
        while True:
            for job in self._next():
                self._send(job, {})

    def _next(self) -> set[str]:
        """What is rung for within a moment from the first ring."""
        with self._asked:
            self._asked.wait_for(lambda: self._soon)
        sleep(MOMENT_S)
        with self._asked:
            jobs, self._soon = self._soon, set()
        return jobs

    def _send(self, job: str, arguments: dict[str, Any]) -> None:
        try:
            self.app.send_task(
                f"evalhub.{job}", kwargs=arguments, queue=JOBS[job].queue, retry=False, ignore_result=True
            )
        except (OperationalError, OSError) as error:
            log.warning("the broker is away, the sweep will find %s: %s", job, error)
