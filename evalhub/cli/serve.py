"""`evalhub serve`: the web server alone, for machines where database, broker and workers run elsewhere."""

import os

import click

from evalhub.cli.children import web_command
from evalhub.settings import Settings


@click.command("serve")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1, or EVALHUB_HOST]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.  [default: 8390, or EVALHUB_PORT]")
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True, help="Server processes.")
def command(host: str | None, port: int | None, processes: int) -> None:
    """Serve the web pages and the HTTP interface.

    Needs EVALHUB_DATABASE_URL and EVALHUB_BROKER_URL; `evalhub up` sets everything up by itself.
    """
    settings = Settings.from_env()
    argv = web_command(host or settings.host, port or settings.port, processes)
    os.execv(argv[0], argv)
