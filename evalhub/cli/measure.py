"""`evalhub measure`: what the sound of files tells, without a server, a transcript or a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from evalhub.errors import BadInput

Measured = dict[str, Any]


@click.command("measure")
@click.argument("audio", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--channels", help="Who is on each channel, by comma.  [default: caller,agent; mixed for a mono file]")
@click.option(
    "--dnsmos", is_flag=True, help="Let the model DNSMOS rate each track too: a minute of speech takes seconds."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each file instead of tables.")
def command(audio: tuple[Path, ...], channels: str | None, dnsmos: bool, as_json: bool) -> None:
    """Measure recordings: faults, turn-taking, pitch, pace, pauses, loudness.

    \b
    Exit code: 0 all files were measured; 2 one could not be read (the others are).

    \b
    Example:
      evalhub measure call.flac --channels caller,agent --json
    """
    from evalhub.audio.measure import measure

    names = [name.strip() for name in channels.split(",") if name.strip()] if channels else None
    unreadable = False
    for path in audio:
        try:
            measured = measure(path, names, dnsmos=dnsmos)
        except BadInput as problem:
            click.secho(f"{path}: {problem}", fg="red", err=True)
            unreadable = True
        else:
            show(measured, as_json=as_json)
    raise SystemExit(2 if unreadable else 0)


def show(measured: Measured, *, as_json: bool) -> None:
    """Print what was measured of one file."""
    if as_json:
        click.echo(json.dumps(measured, ensure_ascii=False))
        return
    console = Console()
    seconds, rate = measured["duration_s"], measured["sample_rate"]
    console.print(f"[bold]{measured['file']}[/] {seconds:.1f} s, {rate} Hz, {', '.join(measured['channels'])}")
    for finding in measured["recording_check"]:
        console.print(f"  [red]✗[/] {finding['message']}")
    console.print(_tracks(measured["tracks"]))
    known = {metric: value for metric, value in measured["turn_taking"].items() if value is not None}
    if known:
        console.print(_turn_taking(known))


def _tracks(tracks: dict[str, Measured]) -> Table:
    """A row for each feature, a column for each track."""
    table = Table("feature", *tracks, box=None)
    first = next(iter(tracks.values()))
    for name in (name for name in first if name not in ("voiced_ms", "dnsmos")):
        table.add_row(name, *(_text(track[name]) for track in tracks.values()))
    for scale in first["dnsmos"]:
        ratings = [track["dnsmos"][scale] for track in tracks.values()]
        if any(rating is not None for rating in ratings):
            table.add_row(f"dnsmos_{scale}", *map(_text, ratings))
    return table


def _turn_taking(known: dict[str, float]) -> Table:
    table = Table("turn-taking", "value", box=None)
    for metric, value in known.items():
        table.add_row(metric, _text(value))
    return table


def _text(value: float | None) -> str:
    return "not measured" if value is None else f"{value:g}"
