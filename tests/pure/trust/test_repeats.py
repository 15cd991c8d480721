"""pass^k: by its definition, by drawing, and in what `evalhub score` prints of repeated runs."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from evalhub.cli.score import command
from evalhub.trust.repeats import count_repeats, pass_hat_k

RUNS = st.lists(st.booleans(), min_size=1, max_size=9)


@given(RUNS, st.data())
def test_it_is_the_share_of_draws_in_which_all_passed(runs: list[bool], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(runs)))
    draws = [all(draw) for draw in combinations(runs, k)]
    assert pass_hat_k(sum(runs), len(runs), k) == pytest.approx(sum(draws) / len(draws))


@given(RUNS, st.lists(st.sampled_from(["infrastructure_error", "grader_error"]), max_size=3))
def test_excluded_runs_change_nothing_but_their_count(runs: list[bool], broken: list[str]) -> None:
    repeats = count_repeats([*broken, *runs])
    assert repeats.curve == count_repeats(runs).curve
    assert sum(repeats.excluded.values()) == len(broken)


@pytest.mark.parametrize(("passed", "runs", "k"), [(1, 2, 3), (3, 2, 1), (1, 2, 0), (-1, 2, 1)])
def test_what_makes_no_sense_is_an_error(passed: int, runs: int, k: int) -> None:
    with pytest.raises(ValueError, match=f"k = {k} of {runs} runs"):
        pass_hat_k(passed, runs, k)


def run(number: int, order_id: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"run-{number}",
        "metadata": {"scenario": "return a snowboard"},
        "agent": {"name": "desk", "version": "7"},
        "tool_calls": [{"name": "find_order", "arguments": {"order_id": order_id}}],
        "expectations": {"function_calls": {"calls": [{"name": "find_order", "arguments": {"order_id": "A1"}}]}},
    } | more


def score(tmp_path: Path, *options: str) -> Result:
    runs = [run(1, "A1"), run(2, "A1"), run(3, "A2"), run(4, "A2", outcome={"reason": "infrastructure_error"})]
    other = run(5, "A2") | {"agent": {"name": "desk", "version": "8"}}
    file = tmp_path / "runs.jsonl"
    file.write_text("\n".join(map(json.dumps, [*runs, other])))
    return CliRunner().invoke(command, [str(file), "--evaluators", "function_calls", *options])


def test_repeated_runs_of_one_scenario_get_a_row_per_k(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in score(tmp_path, "--json").stdout.splitlines()]
    found = [row for row in rows if row["subject"] == {"type": "scenario", "id": "return a snowboard"}]
    values = {row["metric"]: row["value"] for row in found}
    assert values == {
        "function_calls.pass_k.1": pytest.approx(2 / 3),
        "function_calls.pass_k.2": pytest.approx(1 / 3),
        "function_calls.pass_k.3": 0.0,
    }
    assert found[0]["counts"] == {"passed": 2, "runs": 3, "excluded": 1, "why": {"infrastructure_error": 1}}


def test_people_see_them_as_a_table_and_gates_read_them(tmp_path: Path) -> None:
    shown = score(tmp_path, "--require", "function_calls.pass_k.2>=0.5", "--junit", str(tmp_path / "report.xml"))
    assert shown.exit_code == 3
    assert "0.67, 0.33, 0.00" in shown.output
    assert "scenario return a snowboard has 0.333333" in shown.output
    assert 'testsuite name="repeated runs"' in (tmp_path / "report.xml").read_text()
