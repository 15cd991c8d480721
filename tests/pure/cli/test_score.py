"""`evalhub score`: rows, exit codes, gates, reports. Nothing but files."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from evalhub import offline
from evalhub.cli import main
from evalhub.cli.score import exit_code
from evalhub.models import Conversation, Score
from evalhub.offline import choose_rubric
from evalhub.settings import Settings
from tests.pure.traces.samples import SAMPLES, example

RIGHT = SAMPLES / "native" / "wrong-order-number-twin"
WRONG = SAMPLES / "native" / "wrong-order-number"
CORRECT = "function_calls.correct"
FIELDS = {
    *("conversation", "evaluator", "version", "metric", "subject", "value", "verdict", "unit", "explanation"),
    *("evidence", "basis", "contract", "policy", "counts", "status", "reason"),
}


def score(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["score", *(str(argument) for argument in arguments)])


def rows(*arguments: Any) -> list[dict[str, Any]]:
    result = score(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def call(tmp_path: Path) -> Path:
    """The page's own example, without its recording."""
    path = tmp_path / "call-0042.json"
    path.write_bytes(example())
    return path


def test_every_row_has_every_field(call: Path) -> None:
    found = rows(call, "--evaluators", "function_calls,word_errors")
    assert all(row.keys() == FIELDS for row in found)
    assert {row["conversation"] for row in found} == {"call-0042"}
    assert {(row["metric"], row["subject"]["type"], row["value"]) for row in found} >= {
        (CORRECT, "conversation", 1.0),
        ("function_calls.call_made", "expected_call", 1.0),
        ("function_calls.end_state", "conversation", 1.0),
    }


def test_an_evaluator_that_does_not_apply_is_a_row_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"id": "x", "turns": [{"speaker": "user", "text": "Hi"}]}')
    [row] = rows(path, "--evaluators", "function_calls")
    assert (row["status"], row["metric"], row["value"]) == ("skipped", None, None)
    assert row["reason"]


def test_without_a_model_the_judge_is_blocked_and_all_is_well(call: Path) -> None:
    [row] = rows(call, "--evaluators", "rubric_judge")
    assert (row["status"], "not connected" in row["reason"]) == ("blocked", True)


def test_a_recording_is_found_beside_its_conversation() -> None:
    found = rows(SAMPLES / "native" / "monotone", "--evaluators", "recording_check")
    assert [(row["conversation"], row["value"], row["basis"]) for row in found] == [("companion-0301", 1.0, "audio")]


def test_a_bare_recording_is_a_conversation_of_its_own() -> None:
    found = rows(SAMPLES / "native" / "monotone" / "monotone.opus", "--evaluators", "recording_check")
    assert [(row["conversation"], row["value"]) for row in found] == [("monotone", 1.0)]


def test_the_sound_inside_a_log_is_measured() -> None:
    [row] = rows(SAMPLES / "openai_realtime" / "agents-sdk-websocket", "--evaluators", "recording_check")
    assert (row["conversation"], row["value"], row["basis"]) == ("call_2f85", 1.0, "audio")


def test_a_table_for_people() -> None:
    result = score(WRONG, "--evaluators", "function_calls")
    assert result.exit_code == 0
    assert "returns-0101" in result.stdout
    assert "0 of 2 expected calls made" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("requirement", "code"),
    [
        (f"{CORRECT}>=1", 3),
        (f"{CORRECT} >= 0", 0),
        (f"{CORRECT}<1.5", 0),
        ("function_calls.call_made==0", 3),
        ("no_such_metric>=0", 3),
        ("word_errors>1", 3),
    ],
)
def test_requirements_are_gates(requirement: str, code: int) -> None:
    result = score(WRONG, RIGHT, "--evaluators", "function_calls", "--require", requirement)
    assert result.exit_code == code, result.output
    assert ("not met" in result.stderr) == (code == 3)


def test_a_row_without_a_value_meets_no_requirement() -> None:
    result = score(RIGHT, "--evaluators", "turn_taking", "--require", "false_stop_rate<=1")
    assert (result.exit_code, "has no value" in result.stderr) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.json"], "nowhere.json"),
        ([RIGHT, "--evaluators", "function_call"], "did you mean function_calls?"),
        ([RIGHT, "--require", "wer"], "metric>=1"),
        ([RIGHT, "--rubric", "kindness"], "customer_service"),
        ([Path(__file__)], "a format that evalhub reads"),
        ([Path(__file__).parent], "a conversation or a recording"),
    ],
)
def test_bad_input_says_what_was_expected(arguments: list[Any], said: str) -> None:
    result = score(*arguments)
    assert (result.exit_code, said in result.stderr) == (2, True), result.output


def test_every_fault_of_every_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"id": "a", "turns": [{"speaker": "x"}], "tags": 1}')
    (tmp_path / "b.json").write_text('{"id": "b", "turns": [')
    result = score(tmp_path)
    assert result.exit_code == 2
    for said in ("a.json: turns[0].speaker: expected caller | agent", "a.json: tags", "b.json: line 1, column 2"):
        assert said in result.stderr


def test_a_report_for_ci(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    result = score(WRONG, "--evaluators", "function_calls,word_errors", "--require", f"{CORRECT}>=1", "--junit", report)
    assert result.exit_code == 3
    suites = {suite.get("name"): suite for suite in ET.parse(report).getroot()}  # noqa: S314  (our own file)
    assert (suites["returns-0101"].get("failures"), suites["returns-0101"].get("skipped")) == ("4", "1")
    assert suites["requirements"].get("failures") == "1"


class Broken:
    """An evaluator with a fault in it."""

    name, version, config_hash = "broken", "1", ""

    def evaluate(self, *_: Any) -> list[Score]:
        return [Score(metric="x", value=1 / 0)]


def test_an_evaluator_that_crashes_is_a_failure_and_never_a_zero() -> None:
    settings, rubric = Settings.from_env({}), choose_rubric("customer_service")
    [row] = offline.score(Conversation(id="x"), [Broken()], settings=settings, rubric=rubric)  # type: ignore[list-item]
    assert (row["status"], row["value"], row["reason"]) == ("failed", None, "ZeroDivisionError: division by zero")
    assert (exit_code([row], []), exit_code([row], ["not met"]), exit_code([], ["not met"])) == (1, 1, 3)


def test_business_rules_and_prices_come_from_files(tmp_path: Path, call: Path) -> None:
    rules, prices = tmp_path / "rules.toml", tmp_path / "prices.toml"
    rules.write_text("""[[rules]]
    key = "found_first"
    title = "An order is found first"
    must_call = [{name = "find_order"}]""")
    prices.write_text("""[[prices]]
    models = ["gpt-5-mini"]
    from = 2026-01-01
    per_unit = { input_tokens = 0.5 }""")
    found = rows(call, "--evaluators", "business_rules,cost_per_minute", "--rules", rules, "--prices", prices)
    assert {row["metric"]: row["value"] for row in found if row["metric"] != "cost_per_minute"} == {
        "business_rules.kept": 1.0,
        "business_rule.found_first": 1.0,
        "cost_usd": 600.0,
    }


@pytest.mark.parametrize("option", ["--rules", "--prices"])
def test_a_wrong_file_is_bad_input_with_its_name(tmp_path: Path, call: Path, option: str) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("rule = 1")
    result = score(call, option, wrong)
    assert result.exit_code == 2
    assert "wrong.toml cannot be used." in result.output


def test_tools_that_stand_out_are_told_under_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"id": "x", "prompt": {"tools": [{"name": "a"}]}, "tool_calls": [{"name": "b"}]}')
    result = score(path, "--evaluators", "tool_advice")
    assert "Called, but not declared in the prompt: b." in result.output


def test_help_lists_every_command() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert {"score", "send", "serve", "migrate"} <= set(result.stdout.split())
    assert CliRunner().invoke(main, ["children"]).exit_code == 2
