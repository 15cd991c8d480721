"""`evalhub worker`: workers alone, as many machines as wanted."""

import os

import click

from evalhub.cli.children import QUEUES, worker_command


@click.command("worker")
@click.option("--queues", default=",".join(QUEUES), show_default=True, help="Kinds of work to take, by comma.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=os.cpu_count() or 1, help="Jobs at once.")
@click.option("--schedule", is_flag=True, help="Also send the recurring jobs (in exactly one worker).")
def command(queues: str, concurrency: int, schedule: bool) -> None:
    """Work off jobs: ingest (storing what came in), text (reading calls, text evaluators), audio, judge.

    Needs EVALHUB_DATABASE_URL and EVALHUB_BROKER_URL; `evalhub up` sets everything up by itself.
    """
    argv = worker_command(queues.split(","), concurrency, schedule=schedule)
    os.execv(argv[0], argv)
