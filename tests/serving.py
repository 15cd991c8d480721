"""The application on a port of its own, in a thread, for clients that need a real server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread

import pytest
from flask import Flask
from werkzeug.serving import make_server

from evalhub.services import Services
from evalhub.traces import pressure
from webui import create_app
from webui import pressure as web_pressure


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The address at which it answers."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
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
