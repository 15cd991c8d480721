"""From a conversation's recordings to its tracks: who is on which channel of which file, on one clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from evalhub.audio.analysis import analyse_file, is_current
from evalhub.audio.intervals import Interval, shifted
from evalhub.errors import BadInput, Blocked
from evalhub.evaluators import Context
from evalhub.models import AudioAnalysis, Conversation, Recording

SIDES = ("caller", "agent")
CHANNELS = {"stereo": ["caller", "agent"], "caller": ["caller"], "agent": ["agent"], "mixed": ["mixed"]}
NAMES = {"user": "caller", "customer": "caller", "human": "caller", "assistant": "agent", "bot": "agent"}
ORDER = ("stereo", "caller", "agent", "mixed")


@dataclass(frozen=True, kw_only=True)
class Track:
    """One channel of one recording. Times are milliseconds of the conversation."""

    role: str
    recording: Recording
    analysis: AudioAnalysis
    channel: int

    @property
    def offset_ms(self) -> int:
        return self.recording.offset_ms or 0

    @property
    def span(self) -> Interval:
        """The part of the conversation that this track covers."""
        return self.offset_ms, self.offset_ms + (self.analysis.duration_ms or 0)

    @property
    def voiced(self) -> list[Interval]:
        """Raw voiced intervals."""
        return shifted((self.analysis.voiced or [])[self.channel], self.offset_ms)

    @property
    def facts(self) -> dict[str, Any]:
        """What the analysis found on this channel; times inside count from the recording's first sample."""
        return (self.analysis.details or {})["channels"][self.channel]  # type: ignore[no-any-return]

    @property
    def delivery(self) -> dict[str, Any]:
        """Delivery features by metric id."""
        return self.facts["delivery"]  # type: ignore[no-any-return]


@dataclass
class Tracks:
    """The tracks that are there, and why others are not."""

    by_role: dict[str, Track] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    """role -> reason, for a side that was recorded or promised"""

    @property
    def both(self) -> tuple[Track, Track] | None:
        """Caller and agent, where both are there."""
        caller, agent = (self.by_role.get(side) for side in SIDES)
        return (caller, agent) if caller and agent else None

    @property
    def in_one_file(self) -> bool:
        """Whether caller and agent lie in the same file, so on one clock for certain."""
        return self.both is not None and self.both[0].recording is self.both[1].recording


def tracks_of(conversation: Conversation, context: Context) -> Tracks:
    """The tracks of a conversation, analysed.

    Raises:
        Blocked: a recording was announced, is not here, and may still come.
    """
    return context.once("tracks", lambda: _tracks(conversation, context))


def _tracks(conversation: Conversation, context: Context) -> Tracks:
    recordings = sorted(conversation.recordings, key=lambda one: ORDER.index(one.track) if one.track in ORDER else 9)
    if not context.shared.get("recordings_final"):
        _wait_for(recordings)
    found = Tracks()
    for recording in recordings:
        _add(found, recording, context)
    if any(recording.track != "mixed" for recording in recordings):
        for side in SIDES:
            if side not in found.by_role:
                found.absent.setdefault(side, f"there is no recording of the {side}")
    found.absent = {role: why for role, why in found.absent.items() if role not in found.by_role}
    return found


def _wait_for(recordings: list[Recording]) -> None:
    for recording in recordings:
        if not recording.sha256 and not recording.path:
            raise Blocked("waiting_for_recording", f"The {recording.track} recording is announced but not here yet.")


def _add(found: Tracks, recording: Recording, context: Context) -> None:
    analysis = _analysis(recording, context)
    for channel, role in enumerate(roles_of(recording)):
        if isinstance(analysis, str):
            found.absent.setdefault(role, analysis)
        elif channel >= (analysis.channel_count or 0):
            found.absent.setdefault(role, f"the file has only {analysis.channel_count} channel")
        elif role not in found.by_role:
            found.by_role[role] = Track(role=role, recording=recording, analysis=analysis, channel=channel)


def roles_of(recording: Recording) -> list[str]:
    """Who is on each channel, in order."""
    names: list[Any] = recording.channels or CHANNELS.get(recording.track, [recording.track])
    return [NAMES.get(str(name), str(name)) for name in names]


def _analysis(recording: Recording, context: Context) -> AudioAnalysis | str:
    """What was measured from these bytes, or why nothing could be."""
    known = context.shared.get(("analysis", recording.sha256)) if recording.sha256 else None
    if known is None or not is_current(known):
        known = context.once(("analysed", recording.sha256 or recording.path), lambda: _analysed(recording, context))
    if isinstance(known, AudioAnalysis) and known.state != "ready":
        return f"it cannot be read: {known.reason}"
    return known


def _analysed(recording: Recording, context: Context) -> AudioAnalysis | str:
    path = context.audio_path(recording)
    if path is None:
        return f"the {recording.track} recording is not here"
    try:
        return analyse_file(path, recording)
    except BadInput as problem:
        return f"it cannot be read: {problem}"


def every_track(tracks: Tracks) -> Iterator[Track]:
    """Caller, agent, then others."""
    yield from sorted(tracks.by_role.values(), key=lambda track: (*SIDES, track.role).index(track.role))
