"""`evalhub measure`: what the sound of files tells, without a server, a transcript or a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
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
@click.option("--one-call", is_flag=True, help="The files are one call: a mono file for each of --channels, in order.")
@click.option("--offsets", help="With --one-call: when each file begins in the call, in ms, by comma.  [default: 0,0]")
@click.option(
    "--dnsmos", is_flag=True, help="Let the model DNSMOS rate each track too: a minute of speech takes seconds."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each file (or call) instead of tables.")
def command(
    audio: tuple[Path, ...], channels: str | None, one_call: bool, offsets: str | None, dnsmos: bool, as_json: bool
) -> None:
    """Measure recordings: faults, turn-taking, pitch, pace, pauses, loudness.

    \b
    Exit code: 0 all files were measured; 2 one could not be read (the others are).

    \b
    Examples:
      evalhub measure call.flac --channels caller,agent --json
      evalhub measure caller.wav agent.wav --one-call --offsets 0,1200
    """
    from evalhub.audio.measure import measure, measure_call

    names = _by_comma(channels)
    if offsets and not one_call:
        raise click.UsageError("--offsets needs --one-call: files by themselves have no common clock.")
    if one_call:
        starts = _milliseconds(offsets)
        calls = {" ".join(map(str, audio)): lambda: measure_call(audio, names, starts, dnsmos=dnsmos)}
    else:
        calls = {str(path): partial(measure, path, names, dnsmos=dnsmos) for path in audio}
    readable = [_shown(name, call, as_json=as_json) for name, call in calls.items()]
    raise SystemExit(0 if all(readable) else 2)


def _by_comma(given: str | None) -> list[str] | None:
    return [name.strip() for name in given.split(",") if name.strip()] if given else None


def _milliseconds(offsets: str | None) -> list[int] | None:
    try:
        return [int(one) for one in _by_comma(offsets) or []] or None
    except ValueError:
        raise click.BadParameter(f"expected whole milliseconds by comma, like 0,1200; got {offsets!r}") from None


def _shown(name: str, call: Callable[[], Measured], *, as_json: bool) -> bool:
    """Whether it could be measured."""
    try:
        measured = call()
    except BadInput as problem:
        click.secho(f"{name}: {problem}", fg="red", err=True)
        return False
    show(measured, as_json=as_json)
    return True


def show(measured: Measured, *, as_json: bool) -> None:
    """Print what was measured of one file."""
    if as_json:
        click.echo(json.dumps(measured, ensure_ascii=False))
        return
    console = Console()
    names, rates = (" + ".join(map(str, _several(measured[key]))) for key in ("file", "sample_rate"))
    seconds = measured["duration_s"]
    console.print(f"[bold]{names}[/] {seconds:.1f} s, {rates} Hz, {', '.join(measured['channels'])}")
    for finding in measured["recording_check"]:
        console.print(f"  [red]✗[/] {finding['message']}")
    console.print(_tracks(measured["tracks"]))
    known = {metric: value for metric, value in measured["turn_taking"].items() if value is not None}
    if known:
        console.print(_turn_taking(known))


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


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
