"""Back-pressure: when reading falls behind or the disk fills up, senders get 503 with Retry-After, people a gauge."""

from threading import Lock
from time import monotonic

from flask import Blueprint, Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from werkzeug.exceptions import ServiceUnavailable

from evalhub.traces.pressure import Pressure, measure
from webui.access import access_of, api_key
from webui.context import db, services

bp = Blueprint("pressure", __name__)
FRESH_S = 1.0
RETRY_S = 5
GAUGES = {
    "evalhub_inbox_waiting_bodies": ("Bodies that were accepted and not read yet", "waiting"),
    "evalhub_inbox_waiting_bytes": ("Their size as sent", "waiting_bytes"),
    "evalhub_inbox_oldest_seconds": ("How long the oldest of them has waited", "oldest_s"),
    "evalhub_disk_free_bytes": ("Room on the disk of the data folder", "free_bytes"),
}


class Watch:
    """The pressure, measured once a second however many requests ask."""

    def __init__(self) -> None:
        self._lock, self._until = Lock(), 0.0
        self._pressure: Pressure | None = None

    def look(self) -> Pressure:
        with self._lock:
            if self._pressure is None or monotonic() > self._until:
                self._pressure = measure(db(), services().settings.data_dir)
                self._until = monotonic() + FRESH_S
            return self._pressure


def init_app(app: Flask) -> None:
    watch = Watch()
    app.extensions["evalhub_pressure"] = watch

    @app.before_request
    def refuse() -> None:
        access = access_of(request.endpoint)
        if access and access.takes_in and (refusal := watch.look().refusal):
            raise ServiceUnavailable(refusal, retry_after=RETRY_S)


@bp.get("/metrics")
@api_key("full")
def metrics() -> Response:
    registry, now = CollectorRegistry(), measure(db(), services().settings.data_dir)
    for name, (told, field) in GAUGES.items():
        Gauge(name, told, registry=registry).set(getattr(now, field))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
