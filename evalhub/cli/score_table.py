"""Scores as tables for people: a table per conversation, single turns only where something failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from evalhub.cli.progress import console, progress_bar
from evalhub.models import BLOCKED, DONE, FAILED, SKIPPED, Conversation
from evalhub.offline import Loaded
from evalhub.transcript.tools.advice import advice, tool_use

Row = dict[str, Any]
COLORS = {"pass": "green", "fail": "red", "unsure": "yellow", FAILED: "red", BLOCKED: "yellow", SKIPPED: "dim"}
UNITS = {"ratio": ""}


def print_tables(loaded: Sequence[Loaded], scored: Iterator[list[Row]]) -> list[Row]:
    """Print a table per conversation as soon as it is scored. Returns every row."""
    rows: list[Row] = []
    with progress_bar() as bar:
        bar.disable = not console.is_terminal
        task = bar.add_task("Scoring", total=len(loaded))
        for of_one in scored:
            bar.console.print(_table(of_one))
            bar.advance(task)
            rows += of_one
    turns = sum(1 for row in rows if not _is_shown(row))
    if turns:
        console.print(f"[dim]{turns:,} values of single turns are not shown; --json has them.[/]")
    return rows


def print_repeats(rows: Sequence[Row]) -> Sequence[Row]:
    """Print a line per scenario that ran more than once: pass^1, pass^2 ... Returns every row."""
    table = Table("scenario", "pass^k", "why", title="Repeated runs", title_justify="left", box=SIMPLE)
    for name in dict.fromkeys((row["subject"]["id"], row["policy"]["agent_version"]) for row in rows):
        own = [row for row in rows if (row["subject"]["id"], row["policy"]["agent_version"]) == name]
        curve = ", ".join(f"{row['value']:.2f}" for row in own if row["value"] is not None)
        table.add_row(escape(" ".join(part for part in name if part)), curve, escape(own[0]["explanation"]))
    if rows:
        console.print(table)
    return rows


def print_advice(conversations: Iterable[Conversation]) -> None:
    """Print what stands out about the tools of each agent's version."""
    by_version: dict[str, list[Conversation]] = {}
    for one in conversations:
        by_version.setdefault(" ".join(filter(None, (one.agent_name, one.agent_version))), []).append(one)
    for version, calls in by_version.items():
        for sentence in advice(tool_use(calls)):
            console.print(f"[bold]{escape(version or 'tools')}[/] {escape(sentence)}")


def _table(rows: Sequence[Row]) -> Table:
    title = escape(rows[0]["conversation"]) if rows else None
    table = Table("metric", "value", "", "why", title=title, title_justify="left", box=SIMPLE)
    table.columns[0].no_wrap, table.columns[1].justify = True, "right"
    for row in rows:
        if _is_shown(row):
            table.add_row(_name(row), _value(row), _verdict(row), escape(row["explanation"] or row["reason"] or ""))
    return table


def _is_shown(row: Row) -> bool:
    return row["subject"]["type"] in ("conversation", "expected_call") or row["verdict"] == "fail"


def _name(row: Row) -> str:
    subject = row["subject"]
    inside = "" if subject["type"] == "conversation" else f" [dim]{escape(subject['id'])}[/]"
    return escape(row["metric"] or row["evaluator"]) + inside


def _value(row: Row) -> str:
    if row["value"] is None:
        return ""
    number = f"{row['value']:,.0f}" if abs(row["value"]) >= 100 else f"{row['value']:.3g}"
    return f"{number} {UNITS.get(row['unit'] or '', row['unit'] or '')}".strip()


def _verdict(row: Row) -> str:
    word = row["verdict"] if row["status"] == DONE else row["status"]
    return f"[{COLORS[word]}]{word}[/]" if word in COLORS else word or ""
