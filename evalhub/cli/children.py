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
    """A worker of these queues; `alone` where no other one is."""
    argv = [sys.executable, "-m", "workers", "--queues", ",".join(queues)]
    argv += ["--concurrency", str(concurrency), "--pool", pool, "--name", name]
    return argv + (["--schedule"] if schedule else []) + (["--alone"] if alone else [])
