"""`evalhub send`: files and their recordings to a server."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from evalhub import offline
from evalhub.cli.progress import console
from evalhub.errors import BadInput, Problem, SetupError
from evalhub.settings import DEFAULT_HOST, DEFAULT_PORT

LOCAL = f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"


@click.command("send")
@click.argument("paths", nargs=-1, required=True, metavar="FILE...", type=click.Path(exists=True, path_type=Path))
@click.option("--check", is_flag=True, help="Only check the files here, and send nothing.")
@click.option("--url", envvar="EVALHUB_URL", default=LOCAL, show_default=True, help="The server.  [env: EVALHUB_URL]")
@click.option("--api-key", envvar="EVALHUB_API_KEY", help="A key of the project.  [env: EVALHUB_API_KEY]")
@click.option(
    "--channels", metavar="NAMES", help="Who is on each channel of a recording: caller,agent or agent,caller."
)
def command(paths: tuple[Path, ...], check: bool, url: str, api_key: str | None, channels: str | None) -> None:
    """Send conversations (any supported format) and recordings to a server.

    A recording alone makes a conversation of its own. Exit code: 0 all is sent (with --check: all is well), 2 not.

    \b
    Example:
      evalhub send calls/ call.flac --channels caller,agent
    """
    with tempfile.TemporaryDirectory(prefix="evalhub-") as scratch:
        loaded, problems = offline.read(paths, Path(scratch))
        _name_channels(loaded, channels)
        for problem in problems:
            console.print(f"[red]{escape(str(problem))}[/]", soft_wrap=True)
        for one in loaded:
            _print_what_is_odd(one, is_check=check)
        refused = 0 if check else _send(loaded, url, api_key)
    if not loaded and not problems:
        raise BadInput("There is nothing to send.", [Problem("FILE", "a conversation or a recording", "neither")])
    raise SystemExit(2 if refused or problems else 0)


def _name_channels(loaded: list[offline.Loaded], channels: str | None) -> None:
    from evalhub.sending import name_channels

    names = [name.strip() for name in channels.split(",")] if channels else []
    if unknown := [name for name in names if name not in ("caller", "agent", "mixed")]:
        raise click.BadParameter(f"{unknown[0]!r} is none of caller, agent, mixed.", param_hint="--channels")
    for one in loaded:
        if names and one.format == "audio":
            name_channels(one, names)


def _print_what_is_odd(one: offline.Loaded, *, is_check: bool) -> None:
    warnings = [found["message"] for found in one.conversation.warnings or []]
    warnings += [f"there is no recording {name}" for name in one.missing]
    if is_check:
        mark = "[yellow]odd[/]" if warnings else "[green]well[/]"
        line = f"{mark}  {escape(str(one.source))}  {escape(one.conversation.id)}  {_contents(one)}"
        console.print(line, soft_wrap=True)
    for message in warnings if is_check else [f"{one.source}: {message}" for message in warnings]:
        console.print(f"[yellow]  {escape(message)}[/]", soft_wrap=True)


def _contents(one: offline.Loaded) -> str:
    counts = {name: len(getattr(one.conversation, name)) for name in ("turns", "tool_calls", "recordings", "spans")}
    words = {name: name.replace("_", " ").removesuffix("s" if count == 1 else "") for name, count in counts.items()}
    return ", ".join(f"{count} {words[name]}" for name, count in counts.items() if count)


def _send(loaded: list[offline.Loaded], url: str, api_key: str | None) -> int:
    """Send everything; one that is refused does not stop the others. Returns how many were refused."""
    from evalhub.sending import Server, send, size_of

    if not api_key:
        raise SetupError("No API key.", "Set EVALHUB_API_KEY; keys are made under Settings, Keys.")
    files = list(_once_per_file(loaded))
    refused = 0
    with _bar() as bar, Server(url.rstrip("/"), api_key) as server:
        task = bar.add_task("Sending", total=sum(size_of(one) for one in files))
        server.on_bytes = lambda count: bar.advance(task, count)
        for one in files:
            try:
                for sent in send(server, one):
                    bar.console.print(f"[green]sent[/]  {escape(sent.id)}  {escape(sent.url)}", soft_wrap=True)
            except BadInput as fault:
                refused += 1
                bar.console.print(f"[red]{escape(str(one.source))}: {escape(str(fault))}[/]", soft_wrap=True)
    return refused


def _once_per_file(loaded: list[offline.Loaded]) -> Iterator[offline.Loaded]:
    """Formats that hold several conversations are sent as the file they are."""
    seen = set()
    for one in loaded:
        key = (one.source, one.conversation.id if one.format in ("native", "audio") else None)
        if key not in seen:
            seen.add(key)
            yield one


def _bar() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, disable=not console.is_terminal)
