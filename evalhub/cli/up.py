"""`evalhub up`: the whole platform from one command."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
import httpx

from evalhub.cli import firsts
from evalhub.cli.children import web_command, worker_command
from evalhub.cli.demo import Demo
from evalhub.cli.progress import console
from evalhub.embedded.platform import Platform, running
from evalhub.errors import SetupError
from evalhub.leases import free_all
from evalhub.migrate import migrate
from evalhub.services import open_services
from evalhub.settings import Settings

READY_S = 90.0
INGEST_PROCESSES = 2
TEXT_THREADS = 2
JUDGE_THREADS = 2  # an event loop that asks many questions at once, and what waits for other servers


@click.command("up")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder.  [default: see docs/configuration.md]")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.  [default: 8390]")
@click.option("--sample", is_flag=True, help="Fill a project Demo with the sample conversations, once.")
@click.option("--once", is_flag=True, help="Leave when nothing is pending; exit 1 if an evaluation failed.")
def command(data: Path | None, host: str | None, port: int | None, sample: bool, once: bool) -> None:
    """Start everything: database, broker, workers, web server. Ctrl-C stops it; the data stays.

    \b
    Example:
      evalhub up --sample
    """
    started = time.monotonic()
    settings = _settings(data, host, port)
    own_database = not settings.database_url
    with _quietly_stopped(once), running(settings) as platform:
        settings = _connected(settings, platform)
        migrate(settings.database_url or "")
        services = open_services(settings)
        if own_database:  # what an earlier run was killed over is taken up at once
            with services.work() as session:
                free_all(session)
        _start_children(platform, settings, alone=own_database)
        link = firsts.prepare(services, os.environ, project=("demo", "Demo") if sample else ("default", "Default"))
        _wait_until_ready(platform, settings)
        console.print(f"[green]serving[/] at {address(settings)} after {time.monotonic() - started:.1f} s")
        if sample:
            _fill(Demo(services, platform, address(settings)))
        if link:
            console.print(f"\nFirst admin, works once: [bold]{address(settings)}/link/{link}[/]", soft_wrap=True)
        if once:
            raise SystemExit(Demo(services, platform, address(settings)).wait())
        console.print(
            f"\n[bold]{address(settings)}[/]   Ctrl-C stops everything, the data stays in {settings.data_dir}"
        )
        platform.supervise()


def address(settings: Settings) -> str:
    """Where a browser on this machine finds it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104  (compared, not bound)
    return f"http://{host}:{settings.port}"


def _fill(demo: Demo) -> None:
    demo.send_once()
    demo.wait()
    demo.print_table()


def _settings(data: Path | None, host: str | None, port: int | None) -> Settings:
    settings = Settings.from_env()
    given = {"data_dir": data and data.expanduser().absolute(), "host": host, "port": port}
    return replace(settings, **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def _connected(settings: Settings, platform: Platform) -> Settings:
    return replace(
        settings,
        database_url=platform.database_url,
        broker_url=platform.broker_url,
        secret_key=settings.secret_key or platform.secrets["secret_key"],
    )


def _start_children(platform: Platform, settings: Settings, *, alone: bool) -> None:
    """`alone`: nobody else works on this database, so that what a killed worker held is free for the next one."""
    env = _env(settings)
    platform.add("web", web_command(settings.host, settings.port), env)
    ingest = worker_command(["ingest"], INGEST_PROCESSES, alone=alone, name="ingest")
    platform.add("worker-ingest", ingest, env, niceness=5)
    text = worker_command(["text"], TEXT_THREADS, pool="threads", alone=alone, name="text")
    platform.add("worker-text", text, env, niceness=19)
    # the schedule is a thread: not where processes are forked
    judge = worker_command(["judge"], JUDGE_THREADS, pool="threads", schedule=True, name="judge")
    platform.add("worker-judge", judge, env, niceness=3)
    audio = worker_command(["audio"], os.cpu_count() or 1, name="audio")
    platform.add("worker-audio", audio, env, patience_s=20, niceness=19)


def _env(settings: Settings) -> dict[str, str]:
    return {
        "EVALHUB_DATA": str(settings.data_dir),
        "EVALHUB_DATABASE_URL": settings.database_url or "",
        "EVALHUB_BROKER_URL": settings.broker_url or "",
        "EVALHUB_SECRET_KEY": settings.secret_key or "",
        "PYTHONUNBUFFERED": "1",
        **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),  # small products woke idle threads
        "MALLOC_ARENA_MAX": "2",  # glibc keeps a heap for each thread otherwise, and gives little of it back
    }


def _wait_until_ready(platform: Platform, settings: Settings) -> None:
    deadline = time.monotonic() + READY_S
    with httpx.Client(base_url=address(settings), timeout=5, trust_env=False) as client:
        while time.monotonic() < deadline:
            platform.look_after()
            if _is_ready(client):
                return
            time.sleep(0.1)
    web = next(child for child in platform.children if child.name == "web")
    raise SetupError(f"The web server did not come up in {READY_S:.0f} s. Its log ends:", "\n" + web.last_words())


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


@contextmanager
def _quietly_stopped(once: bool) -> Iterator[None]:
    """Ctrl-C and a polite kill end the platform in order, without a traceback. With `--once` it is not done, then."""
    try:
        yield
    except KeyboardInterrupt:
        console.print("\nStopped. The data stays.")
        raise SystemExit(130 if once else 0) from None
