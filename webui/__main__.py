"""`python -m webui`: the web server. Its processes are forked from one that has loaded the application.

Thus they share what it takes, and one that is started again is there at once. Where processes are spawned (macOS), each
loads it for itself.
"""

from functools import cache

import click
from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from evalhub.errors import SetupError
from evalhub.settling import settle
from webui import create_app


@cache
def _application() -> Flask:
    """The application; it connects to nothing before its first request."""
    app = create_app()
    settle()
    return app


@click.command()
@click.option("--host", required=True)
@click.option("--port", type=int, required=True)
@click.option("--processes", type=int, required=True)
def main(host: str, port: int, processes: int) -> None:
    """Serve the pages and the HTTP interface until told to stop."""
    try:
        _application()
    except SetupError as problem:
        raise click.ClickException(str(problem)) from problem
    Granian(
        "webui:create_app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=8,
        backlog=1024,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
    ).serve(target_loader=_application, wrap_loader=False)


if __name__ == "__main__":
    main()
