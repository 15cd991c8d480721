"""Faults that only show against the events: swapped tracks, offset, drift, a wrong sample rate."""

from __future__ import annotations

from collections.abc import Iterator

from evalhub.audio.alignment import SAME, Fit, Sides, drift_line, fit
from evalhub.audio.findings import AGAINST_EVENTS, DELIVERY, EITHER_SIDE, TURN_TAKING, Finding
from evalhub.audio.intervals import Interval
from evalhub.audio.tracks import SIDES, Track, Tracks

OFFSET_MS = 400
DRIFT_MS = 300
GOOD, CLEARLY, SLIGHTLY = 0.5, 0.15, 0.05
NEAR_MS = 2_000
RATIOS = (1 / 3, 1 / 2, 2 / 3, 44_100 / 48_000, 48_000 / 44_100, 3 / 2, 2.0, 3.0)
"""how much too short or long a recording is when it is read at a wrong common rate"""
FLAGRANT = (1 / 3, 1 / 2, 2.0, 3.0)
NEARLY, EXACTLY = 0.01, 0.003
"""two durations count as equal within this share; without turns to compare, within the second"""
SWAPPED = tuple(metric for metric in TURN_TAKING if metric not in EITHER_SIDE) + DELIVERY
SHORTEST_MS, FEWEST_TURNS = 5_000, 3

Turns = dict[str, list[Interval]]


def against_events(tracks: Tracks, turns: Turns, duration_ms: int | None) -> Iterator[Finding]:
    """Findings about clocks and sides. Nothing is claimed where sound and events do not resemble each other."""
    if wrong := _wrong_rate(tracks, turns, duration_ms):
        yield wrong
        return
    events = Sides(turns.get("caller", []), turns.get("agent", []))
    if not (events.caller and events.agent) or len(events.caller + events.agent) < FEWEST_TURNS:
        return
    sound = _sides(tracks)
    if tracks.both and _is_swapped(sound, events):
        message = "caller and agent seem to be on each other's track"
        yield Finding(code="tracks_swapped", message=message, affects=SWAPPED)
        sound = Sides(sound.agent, sound.caller)
    yield from _lags(tracks, sound, events)


def _sides(tracks: Tracks) -> Sides:
    voiced = (tracks.by_role[side].voiced if side in tracks.by_role else [] for side in SIDES)
    return Sides(*voiced)


def _is_swapped(sound: Sides, events: Sides) -> bool:
    if not (sound.caller and sound.agent):
        return False
    crossed, straight = (fit(sound, events, sign=sign, reach_ms=NEAR_MS) for sign in (-1, 1))
    shifted_far = fit(sound, events)
    return crossed.rho >= max(GOOD, straight.rho + CLEARLY, shifted_far.rho + SLIGHTLY)


def _lags(tracks: Tracks, sound: Sides, events: Sides) -> Iterator[Finding]:
    """One lag where both tracks share a clock, else one for each file."""
    if not tracks.both or tracks.in_one_file:
        yield from _lag(sound, events, track=None, affects=AGAINST_EVENTS)
        return
    for side in SIDES:
        alone = Sides(sound.caller, []) if side == "caller" else Sides([], sound.agent)
        expected = Sides(events.caller, []) if side == "caller" else Sides([], events.agent)
        yield from _lag(alone, expected, track=side, affects=TURN_TAKING)


def _lag(sound: Sides, events: Sides, *, track: str | None, affects: tuple[str, ...]) -> Iterator[Finding]:
    found = fit(sound, events)
    whose = f"the {track} track" if track else "the recording"
    # under a long drift the common lag is a chance resemblance somewhere else: what explains the events better counts
    drifts = [one for start in (found.lag_ms, 0) if (one := drift_line(sound, events, start))]
    explained = {one: fit(one.undone(sound), events).rho for one in drifts}
    drift = max(drifts, key=explained.__getitem__, default=None)
    gained = drift.slope * events.end_ms if drift else 0.0
    if drift and abs(gained) >= DRIFT_MS and explained[drift] >= found.rho + SAME:
        message = f"{whose} drifts from the events by {abs(gained):.0f} ms over {events.end_ms / 1000:.0f} s"
        yield Finding(code="drift", track=track, message=message, affects=affects)
        found = Fit(round(drift.start_ms), 1.0)
    if found.rho >= GOOD and abs(found.lag_ms) >= OFFSET_MS:
        message = f"{whose} lies {abs(found.lag_ms)} ms {'after' if found.lag_ms > 0 else 'before'} the events"
        yield Finding(code="offset", track=track, at_ms=0, message=message, affects=affects)


def _wrong_rate(tracks: Tracks, turns: Turns, duration_ms: int | None) -> Finding | None:
    for track in tracks.by_role.values():
        reason = _declared_otherwise(track) or _stretched(track, tracks, turns, duration_ms)
        if reason:
            message = f"the {track.role} track has a wrong sample rate: {reason}"
            whose = None if tracks.in_one_file else track.role
            return Finding(code="rate_mismatch", track=whose, message=message, affects=TURN_TAKING + DELIVERY)
    return None


def _declared_otherwise(track: Track) -> str | None:
    declared, actual = track.recording.declared_rate, track.analysis.sample_rate
    if declared and declared != actual and (track.analysis.details or {})["has_header"]:
        return f"the sender says {declared} Hz, the file {actual} Hz"
    return None


def _stretched(track: Track, tracks: Tracks, turns: Turns, duration_ms: int | None) -> str | None:
    """Whether the recording is longer or shorter than the call by the ratio of two common rates."""
    expected = duration_ms or max((end for side in turns.values() for _, end in side), default=0)
    length = track.analysis.duration_ms or 0
    if not length or expected < SHORTEST_MS:
        return None
    ratio = min(RATIOS, key=lambda one: abs(expected / length / one - 1))
    off = abs(expected / length / ratio - 1)
    if off > NEARLY or not _fits_better(ratio, off, tracks, turns):
        return None
    return f"it is {length / 1000:.1f} s long where the call took {expected / 1000:.1f} s"


def _fits_better(ratio: float, off: float, tracks: Tracks, turns: Turns) -> bool:
    """Whether the turns lie better on the stretched sound; where that cannot be told, only a flagrant ratio counts."""
    flagrant = ratio in FLAGRANT and off <= EXACTLY
    if not (tracks.both and turns.get("caller") and turns.get("agent")):
        return flagrant
    sound, events = _sides(tracks), Sides(turns["caller"], turns["agent"])
    as_is, corrected = fit(sound, events), fit(sound.stretched(ratio), events, reach_ms=2000)
    return corrected.rho >= max(GOOD, as_is.rho + CLEARLY) or (flagrant and as_is.rho < GOOD)
