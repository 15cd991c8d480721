"""The command lines of the processes that make up the platform: web server and workers."""

import sys
from collections.abc import Sequence

QUEUES = ("ingest", "text", "judge", "audio")


def web_command(host: str, port: int, processes: int = 2) -> list[str]:
    """granian serving webui."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--factory",
        "--host", host, "--port", str(port), "--workers", str(processes),
        "--blocking-threads", "8", "--backlog", "1024", "--http", "1", "--no-ws",
        "--no-access-log", "--log-level", "warning", "--respawn-failed-workers", "webui:create_app",
    ]  # fmt: skip


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
