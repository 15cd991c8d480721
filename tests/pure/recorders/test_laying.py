"""Sound laid on one clock: as it was spoken, and as far as it was played."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from evalhub.recorders.laying import Side, lay_agent, lay_caller
from evalhub.recorders.stereo import Stereo

RATE = 8_000
PIECE_S = 0.1


def piece(at: float, side: str = "agent", item: str | None = None, rate: int = RATE) -> dict[str, Any]:
    """100 ms of sound that came at a time."""
    return {"t": 100 + at, "side": side, "bytes": round(2 * rate * PIECE_S), "rate": rate, "item": item}


def laid(side: Side) -> list[tuple[float, float]]:
    return [(round(p.start / side.rate, 3), round(p.count / side.rate, 3)) for p in side.pieces]


def test_a_piece_of_the_caller_ends_when_it_came() -> None:
    assert laid(lay_caller([piece(0.1, "caller"), piece(0.25, "caller"), piece(0.5, "caller")])) == [
        (0.0, 0.2),
        (0.4, 0.1),
    ]


def test_pieces_that_a_stalled_network_held_back_lie_where_they_were_spoken() -> None:
    came = [0.1, 0.2, 0.7, 0.7, 0.7, 0.7, 0.7, 0.8]
    assert laid(lay_caller([piece(at, "caller") for at in came])) == [(0.0, 0.8)]


def test_the_agent_is_played_at_its_own_pace_however_fast_it_comes() -> None:
    assert laid(lay_agent([piece(0.0), piece(0.01), piece(0.02), piece(1.0)])) == [(0.0, 0.3), (1.0, 0.1)]


def test_a_cut_ends_what_plays_and_drops_what_waits() -> None:
    notes = [*map(piece, (0.0, 0.01, 0.02)), {"t": 100.15, "cut": None}, piece(0.2)]
    assert laid(lay_agent(notes)) == [(0.0, 0.15), (0.2, 0.1)]


def test_a_cut_may_say_how_much_of_an_item_was_heard() -> None:
    cut = {"t": 100.25, "cut": "a", "heard_ms": 130}
    notes = [piece(0.0, item="a"), piece(0.01, item="a"), piece(0.02, item="b"), cut, piece(0.4, item="a")]
    assert laid(lay_agent(notes)) == [(0.0, 0.13), (0.2, 0.05)]


def test_a_cancelled_answer_of_which_the_heard_length_comes_later() -> None:
    cuts = [
        {"t": 100.1, "cut": None},
        {"t": 100.11, "cut": "a", "heard_ms": 140},
        {"t": 100.2, "cut": "a", "heard_ms": 9},
    ]
    assert laid(lay_agent([piece(0.0, item="a"), piece(0.01, item="a"), *cuts])) == [(0.0, 0.14)]


def test_what_the_client_says_it_played_is_what_counts() -> None:
    played = [{"t": 100.9, "played": "a", "ms": 100}, {"t": 100.95, "played": "a", "ms": 50}]
    assert laid(lay_agent([piece(0.0, item="a"), piece(0.0, item="a"), piece(0.01, item="b"), *played])) == [
        (0.8, 0.15)
    ]


def test_what_waits_when_the_call_ends_is_never_played() -> None:
    assert laid(lay_agent([piece(0.0), piece(0.0), {"t": 100.15, "over": True}])) == [(0.0, 0.15)]


def test_sides_of_different_rates_become_one_recording(tmp_path: Path) -> None:
    """A tone of the slower side stays that tone, at its place."""
    tone = np.sin(2 * np.pi * 440 * np.arange(2 * 16_000) / 16_000) * 10_000
    (tmp_path / "caller.pcm").write_bytes(tone.astype("<i2").tobytes())
    (tmp_path / "agent.pcm").write_bytes(np.full(24_000, 7, "<i2").tobytes())
    notes = [
        {"t": 101.0, "side": "caller", "bytes": 32_000, "rate": 16_000, "item": None},
        {"t": 101.5, "side": "agent", "bytes": 48_000, "rate": 24_000, "item": None},
        {"t": 102.0, "side": "caller", "bytes": 32_000, "rate": 16_000, "item": None},
    ]
    stereo = Stereo.of(tmp_path, notes)
    assert stereo is not None
    blocks = b"".join(stereo.blocks())
    assert len(blocks) == stereo.size
    (tmp_path / "both.wav").write_bytes(blocks)
    both, rate = soundfile.read(tmp_path / "both.wav", dtype="int16")
    assert (rate, len(both), stereo.started_at) == (24_000, 60_000, 100.0)
    wanted = np.sin(2 * np.pi * 440 * np.arange(48_000) / 24_000) * 10_000
    assert np.abs(both[100:47_900, 0] - wanted[100:47_900]).max() < 50
    assert [int(np.flatnonzero(both[:, 1])[edge]) for edge in (0, -1)] == [36_000, 59_999]


def test_a_call_without_sound_has_no_recording(tmp_path: Path) -> None:
    assert Stereo.of(tmp_path, [{"t": 1.0, "id": "x"}, {"t": 2.0, "over": True}]) is None


@pytest.mark.parametrize("jitter", [0.0, 0.02, 0.04])
def test_jitter_leaves_no_holes(jitter: float) -> None:
    came = [0.1 * (n + 1) + jitter * (n % 3) / 2 for n in range(50)]
    pieces = lay_caller([piece(at, "caller") for at in came]).pieces
    assert all(before.end == after.start for before, after in pairwise(pieces))
