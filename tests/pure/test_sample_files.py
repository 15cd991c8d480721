"""The samples are well formed: conversations parse, times fit the sound, every planted fault has its twin."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import soundfile

SAMPLES = Path(__file__).resolve().parents[2] / "sample_traces"
CASES = sorted(path.name for path in (SAMPLES / "native").iterdir())
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())
FAULTY = [case for case in EXPECTED if f"{case}-twin" in EXPECTED]
every_case = pytest.mark.parametrize("case", CASES)


def conversation(case: str) -> dict[str, Any]:
    return json.loads((SAMPLES / "native" / case / f"{case}.json").read_text())


def sound(case: str) -> Path:
    [recording] = conversation(case)["recordings"]
    assert recording["channels"] == ["caller", "agent"]
    return SAMPLES / "native" / case / recording["path"]


def milliseconds(call: dict[str, Any]) -> float:
    started, ended = (datetime.fromisoformat(call[key]) for key in ("started_at", "ended_at"))
    return (ended - started).total_seconds() * 1000


@every_case
def test_the_recording_has_two_channels_and_the_length_of_the_call(case: str) -> None:
    info = soundfile.info(sound(case))
    assert (info.channels, info.samplerate) == (2, 16_000)
    assert info.frames / 16 == pytest.approx(milliseconds(conversation(case)), abs=1)
    assert 30 <= info.duration <= 90


@every_case
def test_turns_follow_each_other_within_the_recording(case: str) -> None:
    call = conversation(case)
    times = [(turn["start_ms"], turn["end_ms"]) for turn in call["turns"]]
    assert times == sorted(times)
    assert all(0 <= start < end <= milliseconds(call) for start, end in times)
    assert [turn["id"] for turn in call["turns"]] == [f"t{at + 1}" for at in range(len(times))]


@every_case
def test_what_belongs_to_a_turn_names_one_that_exists(case: str) -> None:
    call = conversation(case)
    turns = {turn["id"] for turn in call["turns"]}
    lists = ("tool_calls", "guardrail_trips", "stage_timings", "usage")
    assert {item["turn_id"] for name in lists for item in call.get(name, [])} <= turns
    assert all(tool["start_ms"] < tool["end_ms"] <= milliseconds(call) for tool in call["tool_calls"])


@every_case
def test_stages_never_take_longer_than_the_answer_was_waited_for(case: str) -> None:
    call = conversation(case)
    ends = {turn["id"]: before["end_ms"] for before, turn in zip(call["turns"], call["turns"][1:], strict=False)}
    starts = {turn["id"]: turn["start_ms"] for turn in call["turns"]}
    for turn in {timing["turn_id"] for timing in call.get("stage_timings", [])}:
        spent = [timing["ms"] for timing in call["stage_timings"] if timing["turn_id"] == turn]
        assert min(spent) >= 0
        assert sum(spent) <= starts[turn] - ends[turn]


@every_case
def test_every_tool_that_is_called_is_one_the_prompt_offers(case: str) -> None:
    call = conversation(case)
    required = {tool["name"]: set(tool["parameters"]["required"]) for tool in call["prompt"]["tools"]}
    assert all(required[made["name"]] <= set(made["arguments"]) for made in call["tool_calls"])


def test_expectations_and_folders_name_the_same_cases() -> None:
    assert sorted(EXPECTED) == CASES
    assert len(FAULTY) >= 8


@every_case
def test_every_case_has_its_row_in_the_readme(case: str) -> None:
    rows = [line for line in (SAMPLES / "README.md").read_text().splitlines() if line.startswith(f"| `{case}` |")]
    assert len(rows) == 1
    assert conversation(case)["id"] in rows[0]


@pytest.mark.parametrize("case", FAULTY)
def test_the_twin_is_asked_the_same_and_answers_otherwise(case: str) -> None:
    def asked(name: str) -> dict[tuple[str, str], Any]:
        return {(entry["evaluator"], entry["metric"]): entry for entry in EXPECTED[name]}

    faulty, twin = asked(case), asked(f"{case}-twin")
    assert faulty.keys() == twin.keys()
    assert faulty != twin


@every_case
def test_nothing_inside_a_conversation_says_whether_it_is_faulty(case: str) -> None:
    call = conversation(case)
    told = json.dumps({key: value for key, value in call.items() if key != "recordings"}).lower()
    assert not [word for word in (case, "twin", "fault", "planted", "expected.json") if word in told]


def test_ids_differ_and_every_agent_comes_in_two_versions() -> None:
    calls = [conversation(case) for case in CASES]
    versions = {(call["agent"]["name"], call["agent"]["version"]) for call in calls}
    assert len({call["id"] for call in calls}) == len(CASES)
    assert [name for name, _ in sorted(versions)] == ["booking"] * 2 + ["companion"] * 2 + ["returns-desk"] * 2
    assert {call["agent"]["architecture"] for call in calls} == {"chained", "speech_to_speech"}


def test_realtime_logs_are_json_lines() -> None:
    logs = sorted((SAMPLES / "openai_realtime").glob("*/*.jsonl"))
    assert len(logs) == 4
    assert all(isinstance(json.loads(line), dict) for log in logs for line in log.read_text().splitlines())


def test_the_spoken_samples_together_stay_below_ten_megabytes() -> None:
    files = [path for path in (SAMPLES / "native").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < 10_000_000
