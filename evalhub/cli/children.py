"""The command lines of the processes that make up the platform: web server and workers."""

import sys
from collections.abc import Sequence

QUEUES = ("ingest", "text", "judge", "audio")


def web_command(host: str, port: int, processes: int = 2) -> list[str]:
    """The web server."""
    argv = [sys.executable, "-m", "webui", "--host", host, "--port", str(port)]
    return [*argv, "--processes", str(processes)]


def worker_command(
    queues: Sequence[str],
    concurrency: int,
    *,
    pool: str = "prefork",
    schedule: bool = False,
    alone: bool = False,
    name: str = "worker",
) -> list[str]:
    """Celery working off these queues; `alone` where no other worker does."""
    argv = [sys.executable, "-m", "celery", "--app", "workers.app", "worker"]
    argv += ["--queues", ",".join(queues), "--concurrency", str(concurrency), "--pool", pool]
    argv += ["--hostname", f"{name}@%h", "--loglevel", "warning", "--without-gossip", "--without-mingle"]
    return argv + (["--schedule"] if schedule else []) + (["--alone"] if alone else [])
