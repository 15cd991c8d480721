"""`evalhub score sample_traces` finds every planted fault without a database, and the faultless twins raise nothing."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evalhub.bundled import bundled
from evalhub.cli.score import command

SAMPLES = bundled("sample_traces")
EXPECTED: dict[str, list[dict[str, Any]]] = json.loads((SAMPLES / "expected.json").read_text())
Rows = dict[str, list[dict[str, Any]]]


def conversation_of(case: str) -> str:
    return str(json.loads((SAMPLES / "native" / case / f"{case}.json").read_text())["id"])


@pytest.fixture(scope="module")
def scored() -> Rows:
    """Every row of the command, by conversation."""
    result = CliRunner().invoke(command, [str(Path(SAMPLES)), "--json"])
    assert result.exit_code == 0, result.output
    rows: Rows = defaultdict(list)
    for line in result.stdout.splitlines():
        row = json.loads(line)
        rows[row["conversation"]].append(row)
    return rows


@pytest.mark.xdist_group("samples")
@pytest.mark.parametrize("case", EXPECTED)
def test_the_scores_say_what_was_planted(scored: Rows, case: str) -> None:
    rows = scored[conversation_of(case)]
    for wanted in EXPECTED[case]:
        if "needs" not in wanted:
            assert holds(wanted, [row for row in rows if is_about(wanted, row)]), wanted


@pytest.mark.xdist_group("samples")
@pytest.mark.parametrize("case", [case for case in EXPECTED if case.endswith("-twin")])
def test_a_faultless_twin_raises_nothing(scored: Rows, case: str) -> None:
    failed = [row for row in scored[conversation_of(case)] if row["verdict"] == "fail"]
    assert [(row["metric"], row["subject"], row["explanation"]) for row in failed] == []


def is_about(wanted: dict[str, Any], row: dict[str, Any]) -> bool:
    subject = wanted.get("subject", {"type": "conversation"})
    same = (row["evaluator"], row["metric"]) == (wanted["evaluator"], wanted["metric"])
    return same and row["subject"] == row["subject"] | subject


def holds(wanted: dict[str, Any], rows: list[dict[str, Any]]) -> bool:
    if wanted.get("absent"):
        return not rows
    return bool(rows) and all(_fits(wanted, row) for row in rows)


def _fits(wanted: dict[str, Any], row: dict[str, Any]) -> bool:
    bounds = wanted.get("value", {})
    if bounds and row["value"] is None:
        return False
    inside = not bounds or bounds.get("min", row["value"]) <= row["value"] <= bounds.get("max", row["value"])
    return inside and wanted.get("verdict", row["verdict"]) == row["verdict"]
