"""Tone and voice turn by turn: where the agent's voice lay, against its style and against its own usual self."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import hypot, log2
from statistics import median
from typing import Any

from evalhub.audio.intervals import Interval, overlap
from evalhub.audio.scoring import moment, row
from evalhub.audio.style_target import Target
from evalhub.audio.tone import SCALES, Position, positions
from evalhub.audio.tracks import Track
from evalhub.audio.turns import interval_of
from evalhub.models import Conversation, Score

MARGIN = 0.2
"""a single turn may lie this far outside the band of the whole voice: a dozen syllables, whose words move it too"""
FEWEST_TURNS = 3
"""fewer have no usual self"""
TIMBRE_STEP_DB, PITCH_STEP_ST = 3.0, 2.0
"""how far turns of one synthesised voice lie apart at most, nearly always"""
FEATURES = sorted({name for ramps in SCALES.values() for name in ramps})


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """An utterance of the agent, times on the conversation's clock, and the turn it is part of."""

    turn_id: str
    interval: Interval
    features: Mapping[str, Any]


def utterances_of(conversation: Conversation, track: Track) -> list[Spoken]:
    """The agent's utterances, each with the turn that it overlaps most; `agent@<ms>` where no turn has times."""
    turns = [(turn.id, found) for turn in conversation.turns_of("agent") if (found := interval_of(turn))]
    spoken = []
    for one in track.delivery["utterances"]:
        interval = one["start_ms"] + track.offset_ms, one["end_ms"] + track.offset_ms
        shared, turn_id = max(((overlap(interval, when), name) for name, when in turns), default=(0, ""))
        spoken.append(Spoken(turn_id=turn_id if shared else f"agent@{interval[0]}", interval=interval, features=one))
    return spoken


def tone_by_turn(spoken: list[Spoken], targets: Mapping[str, Target]) -> Iterator[Score]:
    """A position on each scale for every turn long enough, with a verdict where the style asks for something."""
    placed = {turn_id: positions(_mean(group)) for turn_id, group in _by_turn(spoken).items()}
    for scale in SCALES:
        found = {turn_id: position for turn_id, by_scale in placed.items() if (position := by_scale[scale])}
        usual = median(position.value for position in found.values()) if len(found) >= FEWEST_TURNS else None
        for turn_id, position in found.items():
            yield _tone_row(turn_id, position, usual, targets.get(scale), _span(spoken, turn_id))


def drift_by_turn(spoken: list[Spoken]) -> Iterator[Score]:
    """`voice_drift` of every later turn from the first, and the most of the call."""
    first = next((one for one in spoken if one.features.get("timbre_away_db") is not None), None)
    later = [(turn_id, _mean(group)) for turn_id, group in _by_turn(spoken).items()]
    rows = []
    for turn_id, features in later:
        if first and turn_id != first.turn_id and (away := _away(features, first.features)):
            rows.append(_drift_row(turn_id, *away, _span(spoken, turn_id)))
    yield from rows
    most = max(rows, key=lambda score: score.value or 0.0, default=None)
    why = None if most else "not measurable: fewer than two agent turns with a second of voiced speech"
    evidence = most.evidence if most else []
    yield row("voice_drift", most.value if most else None, reason=why, evidence=evidence, counts={"turns": len(rows)})


def _tone_row(turn_id: str, position: Position, usual: float | None, target: Target | None, span: Interval) -> Score:
    away = None if usual is None else round(position.value - usual, 3)
    beside = "" if away is None else f"; {away:+.2f} from this voice's usual {usual:.2f}"
    wide = target and Target(target.low - MARGIN, target.high + MARGIN, target.words)
    said = position.against(target) if target else f"{position.scale} {position.value:.2f} ({position.because})"
    return row(
        position.scale,
        position.value,
        turn_id=turn_id,
        verdict=None if wide is None else "pass" if wide.holds(position.value) else "fail",
        explanation=said + beside,
        label={"away": away, "usual": usual},
        policy={"margin": MARGIN} | ({"target": [target.low, target.high]} if target else {}),
        evidence=[moment(span, "agent")],
    )


def _drift_row(turn_id: str, timbre_db: float, pitch_st: float, span: Interval) -> Score:
    value = hypot(timbre_db / TIMBRE_STEP_DB, pitch_st / PITCH_STEP_ST)
    said = f"timbre {timbre_db:.1f} dB and pitch {pitch_st:+.1f} semitones from the agent's first turn"
    policy = {"timbre_step_db": TIMBRE_STEP_DB, "pitch_step_st": PITCH_STEP_ST}
    evidence = [moment(span, "agent")]
    return row("voice_drift", value, turn_id=turn_id, explanation=said, policy=policy, evidence=evidence)


def _away(features: Mapping[str, Any], first: Mapping[str, Any]) -> tuple[float, float] | None:
    """How far in timbre (dB) and in median pitch (semitones)."""
    timbre, pitch, before = features["timbre_away_db"], features["f0_median_hz"], first.get("f0_median_hz")
    return (timbre, 12 * log2(pitch / before)) if timbre is not None and pitch and before else None


def _by_turn(spoken: list[Spoken]) -> dict[str, list[Spoken]]:
    found: dict[str, list[Spoken]] = {}
    for one in spoken:
        found.setdefault(one.turn_id, []).append(one)
    return found


def _mean(group: list[Spoken]) -> dict[str, float | None]:
    """Each feature over the utterances of a turn that have it, weighted by their length."""
    return {name: _weighted(group, name) for name in (*FEATURES, "f0_median_hz", "timbre_away_db")}


def _weighted(group: list[Spoken], name: str) -> float | None:
    known = [(one.features[name], one.interval[1] - one.interval[0]) for one in group if _has(one, name)]
    return sum(value * length for value, length in known) / sum(length for _, length in known) if known else None


def _has(one: Spoken, name: str) -> bool:
    return one.features.get(name) is not None and one.interval[1] > one.interval[0]


def _span(spoken: list[Spoken], turn_id: str) -> Interval:
    mine = [one.interval for one in spoken if one.turn_id == turn_id]
    return min(start for start, _ in mine), max(end for _, end in mine)
