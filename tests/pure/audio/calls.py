"""Calls made for tests: the events of a conversation, the sound that belongs to them, and what evaluators say."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evalhub.evaluators import Context, Evaluator, run
from evalhub.models import Conversation, Recording, Score, Turn
from evalhub.settings import Settings
from tests.factories import make_conversation, make_recording
from tests.pure.audio.sound import RATE, lively, track, write

Intervals = Sequence[tuple[int, int]]
CALLER = [(2600, 4200), (7300, 9100), (14_000, 15_100), (19_000, 20_500)]
AGENT = [(500, 2000), (5000, 6600), (9900, 13_200), (15_800, 18_200), (21_200, 22_000)]
SECONDS = 23
LOW, HIGH = lively(120, 1.5), lively(140, 2.0)


def make_turns(caller: Intervals = CALLER, agent: Intervals = AGENT, **kinds: str) -> list[Turn]:
    """Turns t1, t2, ... in the order of their times; `kinds` by turn id."""
    said = sorted([(*times, "caller") for times in caller] + [(*times, "agent") for times in agent])
    named = [(f"t{at + 1}", *one) for at, one in enumerate(said)]
    return [
        Turn(id=name, speaker=side, start_ms=start, end_ms=end, kind=kinds.get(name))
        for name, start, end, side in named
    ]


def make_talk(caller: Intervals, agent: Intervals, *, end_ms: int | None = 60_000, **fields: Any) -> Conversation:
    """A conversation of nothing but turns with times."""
    kinds = fields.pop("kinds", {})
    return make_conversation(duration_ms=end_ms, turns=make_turns(caller, agent, **kinds), **fields)


def clean_tracks() -> tuple[np.ndarray, np.ndarray]:
    """Both tracks of the usual call: caller, agent."""
    return track(SECONDS, CALLER, seed=1, pitch=LOW), track(SECONDS, AGENT, seed=2, pitch=HIGH)


def make_call(
    path: Path, *tracks: np.ndarray, rate: int = RATE, subtype: str = "PCM_16", **fields: Any
) -> Conversation:
    """The usual call with these tracks as its stereo recording."""
    write(path, *tracks, rate=rate, subtype=subtype)
    recordings = fields.pop("recordings", [make_recording(path=str(path))])
    return make_conversation(
        duration_ms=SECONDS * 1000, turns=fields.pop("turns", make_turns()), recordings=recordings, **fields
    )


def make_context(**shared: Any) -> Context:
    return Context(settings=Settings(data_dir=Path()), audio_path=_named_file, shared=shared)


def _named_file(recording: Recording) -> Path | None:
    return Path(recording.path) if recording.path else None


def scores(evaluator: Evaluator, conversation: Conversation, **shared: Any) -> list[Score]:
    """The rows of a run that must succeed."""
    outcome = run(evaluator, conversation, make_context(**shared))
    assert outcome.status == "done", outcome.reason
    return outcome.scores


def of_call(rows: Iterable[Score]) -> dict[str, Score]:
    """The rows about the whole conversation, by metric."""
    return {row.metric: row for row in rows if row.subject_type == "conversation"}


def of_turns(rows: Iterable[Score], metric: str) -> dict[str, float | None]:
    """The values of one metric, by turn."""
    return {row.subject_id: row.value for row in rows if row.metric == metric and row.subject_type == "turn"}
