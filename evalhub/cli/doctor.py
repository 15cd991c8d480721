"""`evalhub doctor`: what is connected, what is not, and how to mend it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import click

from evalhub.cli.progress import console
from evalhub.errors import EvalhubError
from evalhub.settings import Settings


@dataclass(frozen=True)
class Finding:
    """What one look found: fine, missing but not needed, or wrong."""

    what: str
    state: str
    said: str


@click.command("doctor")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder.  [default: see docs/configuration.md]")
def command(data: Path | None) -> None:
    """Say what is connected, what is not, and how to mend it. Exit code 1 when something is wrong."""
    settings = Settings.from_env()
    settings = replace(settings, data_dir=data.expanduser().absolute()) if data else settings
    looks: dict[str, Callable[[Settings], Finding]] = {
        "Data folder": _data, "Database": _database, "Broker": _broker, "Judge": _judge, "Listening": _listening,
        "Front end": _front_end,
    }  # fmt: skip
    findings = [_look(what, look, settings) for what, look in looks.items()]
    colours = {"ok": "green", "not connected": "yellow", "wrong": "red"}
    for found in findings:
        console.print(f"{found.what:<12} [{colours[found.state]}]{found.state}[/]  {found.said}", soft_wrap=True)
    raise SystemExit(1 if any(found.state == "wrong" for found in findings) else 0)


def _look(what: str, look: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return look(settings)
    except EvalhubError as error:
        return Finding(what, "wrong", str(error))


def _data(settings: Settings) -> Finding:
    if not settings.data_dir.exists():
        return Finding("Data folder", "ok", f"{settings.data_dir} is made at the first start")
    free = shutil.disk_usage(settings.data_dir).free
    return Finding("Data folder", "ok", f"{settings.data_dir}, {free >> 30} GB free")


def _database(settings: Settings) -> Finding:
    from sqlalchemy.exc import OperationalError

    from evalhub.embedded.datadir import DataDir
    from evalhub.embedded.live import find_live
    from evalhub.embedded.programs import wheel_programs
    from evalhub.schema import is_current

    live = find_live(DataDir(settings.data_dir))
    url = settings.database_url or (live.database_url if live else None)
    if url is None:
        return Finding("Database", "ok", f"not running; `evalhub up` starts the one in {wheel_programs().parent.name}")
    try:
        fits = is_current(url)
    except OperationalError as error:
        return Finding("Database", "wrong", f"it does not answer: {error.orig}. Check EVALHUB_DATABASE_URL.")
    return Finding(
        "Database", "ok" if fits else "wrong", "answers" if fits else "has another schema: `evalhub migrate`"
    )


def _broker(settings: Settings) -> Finding:
    from evalhub.embedded.broker import find_server, wheel_server

    if settings.broker_url:
        return Finding("Broker", "ok", "EVALHUB_BROKER_URL is set")
    return Finding("Broker", "ok", f"`evalhub up` starts {find_server(None, wheel_server())}")


def _judge(settings: Settings) -> Finding:
    if not settings.judge_model:
        mend = "Set EVALHUB_JUDGE_MODEL and OPENAI_API_KEY (or EVALHUB_JUDGE_URL). Everything else works without."
        return Finding("Judge", "not connected", mend)
    from evalhub.openai_client import ask_json

    schema = {
        "type": "object",
        "properties": {"ok": {"type": "boolean"}},
        "required": ["ok"],
        "additionalProperties": False,
    }
    ask_json(
        settings, [{"role": "user", "content": "Answer with ok true."}], name="doctor", schema=schema, timeout_s=20
    )
    return Finding("Judge", "ok", f"{settings.judge_model} answers")


def _listening(settings: Settings) -> Finding:
    from evalhub.audio.listening.asking import NOT_CONNECTED, check

    if not settings.listening_model:
        return Finding("Listening", "not connected", f"{NOT_CONNECTED} Everything else works without.")
    check(settings)
    return Finding("Listening", "ok", f"{settings.listening_model} takes sound and answers")


def _front_end(_: Settings) -> Finding:
    import importlib.util

    spec = importlib.util.find_spec("webui")
    built = Path(spec.origin).parent / "static" / "built" / "manifest.json" if spec and spec.origin else None
    if built and built.exists():
        return Finding("Front end", "ok", "built")
    return Finding("Front end", "wrong", "not built. Run `make up`, or install evalhub again.")
