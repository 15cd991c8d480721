"""Which broker is taken."""

import os
from pathlib import Path

import pytest

from evalhub.embedded.broker import find_server
from evalhub.errors import SetupError


def program(folder: Path, name: str, code: int) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


def test_the_one_on_the_path_is_taken(tmp_path: Path) -> None:
    found = program(tmp_path, "redis-server", 0)
    program(tmp_path, "valkey-server", 0)
    assert find_server(path=str(tmp_path), inside=None) == found


def test_a_stand_in_without_a_program_behind_it_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path, "redis-server", 127)
    found = program(tmp_path, "valkey-server", 0)
    assert find_server(path=str(tmp_path), inside=None) == found


def test_else_the_one_in_the_wheel(tmp_path: Path) -> None:
    inside = program(tmp_path, "inside", 0)
    assert find_server(path=os.devnull, inside=inside) == inside


def test_without_any_the_mend_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no redis-server") as caught:
        find_server(path=str(tmp_path), inside=str(tmp_path / "missing"))
    assert "EVALHUB_BROKER_URL" in caught.value.mend
