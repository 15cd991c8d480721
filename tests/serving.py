"""The application on a port of its own, in a thread, for clients that need a real server."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Condition, Thread
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from evalhub.services import Services
from evalhub.traces import pressure
from webui import create_app
from webui import pressure as web_pressure


class Answering:
    """A WSGI application that knows how many of its answers are being made."""

    def __init__(self, app: Flask) -> None:
        self.app, self.under_way, self.changed = app, 0, Condition()

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        self._count(1)
        try:
            return self.app(environ, start_response)
        finally:
            self._count(-1)  # what is sent after this is a file, or text that is there already

    def _count(self, more: int) -> None:
        with self.changed:
            self.under_way += more
            self.changed.notify_all()

    def finish(self) -> None:
        """Wait until all is answered: who still works would give a connection back that nobody closes any more."""
        with self.changed:
            assert self.changed.wait_for(lambda: not self.under_way, timeout=30), f"{self.under_way} without an answer"


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The address at which it answers."""
    answering = Answering(app)
    server = make_server("127.0.0.1", 0, answering, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    answering.finish()
    server.server_close()


def app_of(services: Services) -> Flask:
    """The application with a key to sign sessions."""
    return create_app(replace(services, settings=replace(services.settings, secret_key="only a test has this key" * 2)))


def refuse_every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request is refused with 503, the next one taken, and so on."""
    refused = iter([True, False] * 50)
    monkeypatch.setattr(web_pressure, "RETRY_S", 1)
    monkeypatch.setattr(web_pressure, "FRESH_S", -1)
    monkeypatch.setattr(pressure.Pressure, "refusal", property(lambda _: "wait" if next(refused) else None))
