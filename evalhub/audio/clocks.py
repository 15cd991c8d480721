"""Faults that only show against the events: swapped tracks, offset, drift, a wrong sample rate."""

from __future__ import annotations

from collections.abc import Iterator

from evalhub.audio.alignment import FAR_MS, SAME, Fit, Sides, drift_line, fit, turnover
from evalhub.audio.findings import AGAINST_EVENTS, DELIVERY, EITHER_SIDE, TURN_TAKING, Finding
from evalhub.audio.intervals import Interval, overlap
from evalhub.audio.tracks import SIDES, Track, Tracks

OFFSET_MS = 400
DRIFT_MS = 300
GOOD, CLEARLY, SLIGHTLY = 0.5, 0.15, 0.05
NEAR_MS = 2_000
RATES = (8_000, 16_000, 24_000, 44_100, 48_000)
RATIOS = tuple(read / recorded for read in RATES for recorded in RATES if read != recorded)
"""how much too short or long a recording is when it is read at a wrong common rate"""
FLAGRANT = 2.0
"""times too short or too long"""
NEARLY, EXACTLY = 0.01, 0.003
"""two durations count as equal within this share; without turns to compare, within the second"""
SWAPPED = tuple(metric for metric in TURN_TAKING if metric not in EITHER_SIDE) + DELIVERY
SHORTEST_MS, FEWEST_TURNS = 5_000, 3

Turns = dict[str, list[Interval]]


def against_events(tracks: Tracks, turns: Turns, duration_ms: int | None) -> Iterator[Finding]:
    """Findings about clocks and sides. Nothing is claimed where sound and events do not resemble each other."""
    near = _near(turns, tracks)
    if wrong := _wrong_rate(tracks, near, duration_ms):
        yield wrong
        return
    if not _enough(turns):
        return
    if apart := _apart(tracks, turns):
        yield apart
    elif _enough(near):
        yield from _misplaced(tracks, _sides(tracks), Sides(near["caller"], near["agent"]))


def _enough(turns: Turns) -> bool:
    caller, agent = turns.get("caller", []), turns.get("agent", [])
    return bool(caller and agent) and len(caller + agent) >= FEWEST_TURNS


def _near(turns: Turns, tracks: Tracks) -> Turns:
    """The turns as far as the recording may belong to them, at whatever rate it is read: some say a year."""
    spans = [track.span for track in tracks.by_role.values()]
    if not spans:
        return turns
    start, end = min(one[0] for one in spans), max(one[1] for one in spans)
    start, end = start - FAR_MS, end + 2 * (end - start) + FAR_MS
    return {
        side: [(max(a, start), min(b, end)) for a, b in theirs if a < end and b > start]
        for side, theirs in turns.items()
    }


def _apart(tracks: Tracks, turns: Turns) -> Finding | None:
    """A recording during which, by the events, nobody said anything."""
    said = [turn for theirs in turns.values() for turn in theirs]
    spans = [track.span for track in tracks.by_role.values() if track.voiced]
    if not spans or any(overlap(turn, span) for turn in said for span in spans):
        return None
    start, end = min(one[0] for one in spans), max(one[1] for one in spans)
    message = f"no turn lies where the recording does, from {start / 1000:.1f} to {end / 1000:.1f} s"
    affects = AGAINST_EVENTS if tracks.in_one_file else TURN_TAKING
    return Finding(code="offset", at_ms=start, end_ms=end, message=message, affects=affects)


def _misplaced(tracks: Tracks, sound: Sides, events: Sides) -> Iterator[Finding]:
    if tracks.both and _is_swapped(sound, events):
        message = "caller and agent seem to be on each other's track"
        yield Finding(code="tracks_swapped", message=message, affects=SWAPPED)
        sound = Sides(sound.agent, sound.caller)
    elif tracks.both and (at_ms := _swapped_from(sound, events)):
        message = f"caller and agent seem to change tracks at {at_ms / 1000:.1f} s"
        yield Finding(code="tracks_swapped", at_ms=at_ms, message=message, affects=SWAPPED)
        return
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


def _swapped_from(sound: Sides, events: Sides) -> int | None:
    """When the tracks are exchanged in the middle: both parts fit well, one of them crosswise."""
    found = turnover(sound, events)
    parts = [turn[0] >= found.at_ms for turn in events.caller + events.agent]
    long_enough = min(sum(parts), len(parts) - sum(parts)) >= FEWEST_TURNS
    crosswise = found.before * found.after < 0 and min(abs(found.before), abs(found.after)) >= GOOD
    return found.at_ms if long_enough and crosswise else None


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
    flagrant = max(ratio, 1 / ratio) >= FLAGRANT and off <= EXACTLY
    if not (tracks.both and turns.get("caller") and turns.get("agent")):
        return flagrant
    sound, events = _sides(tracks), Sides(turns["caller"], turns["agent"])
    as_is, corrected = fit(sound, events), fit(sound.stretched(ratio), events, reach_ms=2000)
    return corrected.rho >= max(GOOD, as_is.rho + CLEARLY) or (flagrant and as_is.rho < GOOD)
