"""Faults that the sound of a track shows by itself: silence, clipping, DC, gaps, one channel twice, a broken file."""

from __future__ import annotations

from collections.abc import Iterator

from evalhub.audio.dead import DROPOUT_MS, Dead
from evalhub.audio.findings import DELIVERY, PAUSES, TURN_TAKING, Finding
from evalhub.audio.intervals import Interval, overlap, total
from evalhub.audio.tracks import SIDES, Track, Tracks, every_track

SILENT_PEAK = 0.001
"""-60 dB: a track that never gets louder is empty"""
SPOKE_MS = 2000
CLIPPED_FRACTION = 0.0005
DC = 0.02
ALIKE = 0.98
LONGEST_ABRUPT_MS = 1500
"""a longer silence with abrupt edges is two utterances of a synthesiser"""
BARGE_IN_MS = 500
AFTER_MS = 1_000
"""so much later than the recording ends no turn of the caller begins: they hang up, and it ends"""


def missing(tracks: Tracks) -> Iterator[Finding]:
    """Sides that should be there and are not."""
    for role, why in tracks.absent.items():
        lost = TURN_TAKING + (DELIVERY if role != "caller" else ())
        yield Finding(code="track_missing", track=role, message=f"the {role} track is missing: {why}", affects=lost)


def silent(tracks: Tracks, turns: dict[str, list[Interval]]) -> Iterator[Finding]:
    """Tracks without any sound, or without a voice where its turns say there was one."""
    for track in every_track(tracks):
        if track.facts["peak"] < SILENT_PEAK:
            yield _silent(track, f"the {track.role} track is silent")
        elif not track.voiced and total(turns.get(track.role, [])) >= SPOKE_MS:
            yield _silent(track, f"nobody is heard on the {track.role} track")


def _silent(track: Track, message: str) -> Finding:
    lost = TURN_TAKING + (DELIVERY if track.role != "caller" else ())
    return Finding(code="track_silent", track=track.role, message=message, affects=lost)


def clipped(tracks: Tracks) -> Iterator[Finding]:
    for track in every_track(tracks):
        fraction = track.delivery["clipped_fraction"] or 0.0
        if fraction >= CLIPPED_FRACTION:
            yield Finding(
                code="clipping",
                track=track.role,
                at_ms=track.facts["first_clipped_ms"] + track.offset_ms,
                message=f"{fraction:.2%} of the {track.role} track is clipped",
                affects=("loudness_range_lu", "snr_db", "energy"),
            )


def off_zero(tracks: Tracks) -> Iterator[Finding]:
    for track in every_track(tracks):
        dc = track.facts["dc"]
        if abs(dc) >= DC:
            message = f"the {track.role} track is off zero by {abs(dc):.0%} of full scale"
            yield Finding(code="dc", track=track.role, message=message, affects=("clipped_fraction",))


def identical(tracks: Tracks) -> Iterator[Finding]:
    """Caller and agent that are one and the same sound."""
    if tracks.both and _alike(*tracks.both):
        message = "both tracks hold the same sound: it is one mixed recording"
        yield Finding(code="channels_identical", message=message, affects=TURN_TAKING + DELIVERY)


def _alike(caller: Track, agent: Track) -> bool:
    if caller.recording is not agent.recording:
        return caller.voiced == agent.voiced != [] and caller.facts["peak"] == agent.facts["peak"]
    correlation = (caller.analysis.details or {})["correlation"]
    return correlation is not None and correlation >= ALIKE


def gaps(tracks: Tracks, turns: dict[str, list[Interval]]) -> Iterator[Finding]:
    """Stretches where sound was lost, and files that break off before their header says."""
    for track in every_track(tracks):
        lost = _lost(track)
        for dead in track.facts["dead"]:
            one = Dead(**dead)
            here = (one.start_ms + track.offset_ms, one.end_ms + track.offset_ms)
            is_told = any(overlap(part, here) for part in lost)
            if not is_told and _is_gap(one, here, _other_voice(tracks, track), turns.get(track.role, [])):
                yield _gap(track.role, here, f"no sound for {one.ms / 1000:.1f} s at {here[0] / 1000:.1f} s")
        if track.channel == 0:
            yield from _damage(track, lost)


def ends_early(tracks: Tracks, turns: dict[str, list[Interval]]) -> Iterator[Finding]:
    """A recording that is over while the caller still speaks. An agent may well answer who has hung up."""
    every = list(every_track(tracks))
    ends = max((track.span[1] for track in every), default=0)
    late = [end for start, end in turns.get("caller", []) if every and start > ends + AFTER_MS]
    if late and not any(_promised(track) for track in every):
        what = f"it ends at {ends / 1000:.1f} s, and the caller speaks until {max(late) / 1000:.1f} s"
        yield _gap(None, (ends, max(late)), what)


def _damage(track: Track, lost: list[Interval]) -> Iterator[Finding]:
    """What is missing of the file itself: it concerns all of its channels."""
    role = track.role if track.analysis.channel_count == 1 else None
    for start, end in lost:
        yield _gap(role, (start, end), f"nothing was recorded for {(end - start) / 1000:.1f} s at {start / 1000:.1f} s")
    if promised := _promised(track):
        end = track.span[1]
        yield _gap(role, (end, track.offset_ms + promised), f"the file breaks off at {end / 1000:.1f} s")


def _promised(track: Track) -> int | None:
    """How long a file that breaks off says it is, in ms."""
    found: int | None = (track.analysis.details or {})["broken_off_ms"]
    return found


def _lost(track: Track) -> list[Interval]:
    lost = (track.analysis.details or {})["lost"]
    return [(start + track.offset_ms, end + track.offset_ms) for start, end in lost]


def _gap(role: str | None, at: Interval, what: str) -> Finding:
    affects = tuple(metric for metric in TURN_TAKING if metric != "greeting_ms") + PAUSES
    message = f"gap in the {f'{role} track' if role else 'recording'}: {what}"
    return Finding(code="gap", track=role, at_ms=at[0], end_ms=at[1], message=message, affects=affects)


def _is_gap(dead: Dead, at: Interval, other: list[Interval], turns: list[Interval]) -> bool:
    if dead.ms <= DROPOUT_MS:
        return False
    if dead.in_noise:
        return True
    if any(overlap(voice, (at[0] - BARGE_IN_MS, at[1])) for voice in other):
        return False  # an agent that stopped because the caller spoke
    if dead.breaks_off and dead.comes_back and dead.ms <= LONGEST_ABRUPT_MS:
        return True
    within = any(start < at[0] and at[1] < end for start, end in turns)
    return within and (dead.breaks_off or dead.comes_back) and dead.ms >= 2 * BARGE_IN_MS


def _other_voice(tracks: Tracks, track: Track) -> list[Interval]:
    others = [tracks.by_role[side] for side in SIDES if side in tracks.by_role and side != track.role]
    return [voice for other in others for voice in other.voiced]
