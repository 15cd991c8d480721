"""`python -m workers`: one worker, which works off some queues.

Celery's own command line does the same and loads a terminal's line editor for it, in each process.
"""

import sys

import click

from workers.app import app


@click.command()
@click.option("--queues", required=True, help="Kinds of work to take, by comma.")
@click.option("--concurrency", type=int, required=True, help="Jobs at once.")
@click.option("--pool", default="prefork", help="prefork: a process for each job at once; threads: one for all.")
@click.option("--name", default="worker")
@click.option("--schedule", is_flag=True, help="Also send the recurring jobs.")
@click.option("--alone", is_flag=True, help="No other worker works off these queues.")
def main(queues: str, concurrency: int, pool: str, name: str, schedule: bool, alone: bool) -> None:
    """Work off jobs until told to stop."""
    worker = app.Worker(
        hostname=f"{name}@%h",
        queues=queues,
        concurrency=concurrency,
        pool=pool,
        loglevel="warning",
        without_gossip=True,
        without_mingle=True,
        quiet=True,
        schedule=schedule,
        alone=alone,
    )
    worker.start()
    sys.exit(worker.exitcode)


if __name__ == "__main__":
    main()
