"""Rows come back as they were added, from memory and from the file that they move to; no room for that is told."""

import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from evalhub.audio import aside
from evalhub.audio.analysis import analyse_file
from evalhub.audio.aside import Aside
from evalhub.errors import SetupError
from evalhub.models import Recording
from tests.pure.audio.calls import make_call
from tests.pure.audio.sound import RATE, room


@pytest.mark.parametrize("in_memory", [1, 1 << 20])
def test_rows_come_back_and_more_can_follow(monkeypatch: pytest.MonkeyPatch, in_memory: int) -> None:
    monkeypatch.setattr(aside, "IN_MEMORY", in_memory)
    rows, kept = np.random.default_rng(1).normal(0, 1, (50, 3)).astype(np.float32), Aside(3, np.float32)
    kept.add(rows[:20])
    assert np.array_equal(kept.rows(slice(5, 9)), rows[5:9])
    kept.add(rows[20:])
    assert np.array_equal(kept.rows(), rows)
    assert np.array_equal(kept.rows(np.array([3, 4, 21, 49])), rows[[3, 4, 21, 49]])
    assert kept.rows(np.zeros(0, np.intp)).shape == (0, 3)


@pytest.fixture
def no_room() -> Iterator[None]:
    """Every file that grows beyond 4 KiB hits the limit of the process, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def open_files() -> set[str]:
    held = list(Path("/proc/self/fd").iterdir())
    return {str(one.readlink()) for one in held if one.is_symlink()}


def test_a_full_disk_is_told_with_the_mend_and_nothing_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_room: None
) -> None:
    monkeypatch.setattr(aside, "IN_MEMORY", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = Aside(3, np.float32)
    with pytest.raises(SetupError, match=f"No room for temporary files in {tmp_path}.*TMPDIR"):
        kept.add(np.ones((5_000, 3), np.float32))
    del kept
    assert not any(str(tmp_path) in name for name in open_files())


def test_so_it_is_while_a_recording_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "a.wav"
    make_call(path, room(30), room(30, seed=2), rate=RATE)
    monkeypatch.setattr(aside, "IN_MEMORY", 1)
    request.getfixturevalue("no_room")
    before = open_files()
    with pytest.raises(SetupError, match="No room for temporary files"):
        analyse_file(path, Recording(track="stereo"))
    assert open_files() == before
