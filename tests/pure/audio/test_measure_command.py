"""`evalhub measure` on files that can and cannot be read."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from evalhub.cli import main
from tests.pure.audio.calls import clean_tracks
from tests.pure.audio.sound import write


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["measure", *map(str, arguments)])


def test_one_json_object_for_each_file(clean_file: Path) -> None:
    result = run(clean_file, "--json")
    assert result.exit_code == 0
    [line] = result.stdout.splitlines()
    assert json.loads(line)["channels"] == ["caller", "agent"]


def test_a_table_shows_tracks_and_turn_taking(clean_file: Path) -> None:
    result = run(clean_file, "--channels", "agent, caller")
    assert result.exit_code == 0
    assert "f0_sd_st" in result.stdout
    assert "turn_latency_ms.p50" in result.stdout


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_measured(tmp_path: Path, clean_file: Path) -> None:
    (tmp_path / "notes.txt").write_text("no sound here")
    result = run(tmp_path / "notes.txt", tmp_path / "gone.wav", clean_file, "--json")
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 1
    assert "notes.txt" in result.stderr
    assert "no such file" in result.stderr.lower()


def test_two_files_of_one_call_are_one_object(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{at}.wav", samples) for at, samples in enumerate(clean_tracks())]
    result = run(*paths, "--one-call", "--offsets", "0, 0", "--json")
    assert result.exit_code == 0
    [line] = result.stdout.splitlines()
    assert json.loads(line)["turn_taking"]["response_rate"] == 1
    table = run(*paths, "--one-call")
    assert "turn_latency_ms.p50" in table.stdout


def test_offsets_are_milliseconds_of_one_call(clean_file: Path) -> None:
    alone = run(clean_file, "--offsets", "0")
    assert alone.exit_code == 2
    assert "--one-call" in alone.stderr
    words = run(clean_file, clean_file, "--one-call", "--offsets", "0,soon")
    assert words.exit_code == 2
    assert "whole milliseconds" in words.stderr


def test_files_that_are_no_sides_of_one_call_are_told(clean_file: Path) -> None:
    result = run(clean_file, "--one-call", "--json")
    assert result.exit_code == 2
    assert "for each of 1 files" in result.stderr
