"""`evalhub score`: evaluators on files, without a server and without a database."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from evalhub import offline
from evalhub.cli.score_table import print_advice, print_repeats, print_tables
from evalhub.models import FAILED
from evalhub.offline.junit import write_junit
from evalhub.settings import Settings

Row = dict[str, Any]
READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("score")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--evaluators", help="Names of evaluators, by comma.  [default: all]")
@click.option("--rubric", default="customer_service", show_default=True, help="Rubric of the library for the judge.")
@click.option("--rules", type=READABLE, help="Business rules (TOML): what has to be called when a caller asks for X.")
@click.option("--prices", type=READABLE, help="Prices of your own (TOML), before the built-in ones.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of tables.")
@click.option("--require", "required", multiple=True, metavar="'METRIC>=N'", help="Exit 3 unless every value holds.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit report to this file.")
def command(
    paths: tuple[Path, ...],
    evaluators: str | None,
    rubric: str,
    rules: Path | None,
    prices: Path | None,
    as_json: bool,
    required: tuple[str, ...],
    junit: Path | None,
) -> None:
    """Score conversations in files or folders: any supported format, and bare recordings.

    \b
    Exit code: 0 all evaluators ran, or said why not; 1 one failed; 2 bad input;
    3 a --require is not met.

    \b
    Example:
      evalhub score calls/ --require 'function_calls.correct>=1'
    """
    requirements = [offline.Requirement.parse(text) for text in required]
    names = [name.strip() for name in evaluators.split(",") if name.strip()] if evaluators else None
    chosen, version = offline.choose_evaluators(names), offline.choose_rubric(rubric)
    business_rules, price_table = offline.read_rules(rules), offline.read_prices(prices)
    with tempfile.TemporaryDirectory(prefix="evalhub-") as scratch:
        loaded = offline.load(paths, Path(scratch))
        _tell_what_is_odd(loaded)
        score = partial(
            offline.score,
            evaluators=chosen,
            settings=Settings.from_env(),
            rubric=version,
            business_rules=business_rules,
            prices=price_table,
        )
        scored = (list(score(one.conversation)) for one in loaded)
        rows = _print_json(_with_progress(scored, len(loaded))) if as_json else print_tables(loaded, scored)
    repeats = offline.repeat_rows((one.conversation for one in loaded), rows)
    rows += _print_json([repeats]) if as_json else print_repeats(repeats)
    if not as_json and any(evaluator.name == "tool_advice" for evaluator in chosen):
        print_advice(one.conversation for one in loaded)
    unmet = offline.check_requirements(requirements, rows)
    for sentence in unmet:
        click.secho(f"not met: {sentence}", fg="red", err=True)
    if junit:
        write_junit(junit, rows, unmet)
    raise SystemExit(exit_code(rows, unmet))


def _with_progress(scored: Iterator[list[Row]], total: int) -> Iterator[list[Row]]:
    """A bar on the screen while the rows go to a file."""
    is_seen = sys.stderr.isatty() and not sys.stdout.isatty()
    with Progress(console=Console(stderr=True), transient=True, disable=not is_seen) as bar:
        yield from bar.track(scored, total=total, description="Scoring")


def _print_json(scored: Iterable[list[Row]]) -> list[Row]:
    rows = []
    for of_one in scored:
        for row in of_one:
            click.echo(json.dumps(row, ensure_ascii=False, default=str))
        rows += of_one
    return rows


def _tell_what_is_odd(loaded: Sequence[offline.Loaded]) -> None:
    for one in loaded:
        for found in one.conversation.warnings or []:
            click.secho(f"{one.source}: {found['message']}", fg="yellow", err=True)
        for name in one.missing:
            click.secho(f"{one.source}: there is no recording {name}", fg="yellow", err=True)


def exit_code(rows: Sequence[Row], unmet: Sequence[str]) -> int:
    """1 where an evaluator failed, else 3 where a requirement is not met, else 0."""
    if any(row["status"] == FAILED for row in rows):
        return 1
    return 3 if unmet else 0
