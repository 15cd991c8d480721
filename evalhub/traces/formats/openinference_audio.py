"""The sound of a realtime session in OpenInference, laid out in time.

What the caller's microphone gave while nobody was heard to speak, 3 s of it at most, comes before the caller's speech.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalhub.traces.formats import ParsedAudio
from evalhub.traces.formats.data_uri import Clip
from evalhub.traces.formats.realtime.sound import Piece, track
from evalhub.traces.spans import NS_PER_MS, TracedCall

CUT = (
    "The sender cut the sound of each turn, so there is no recording. "
    "Set OPENINFERENCE_BASE64_AUDIO_MAX_LENGTH to 4000000 where the agent runs."
)
LEAD_NS = 3_000 * NS_PER_MS


@dataclass(frozen=True)
class Sound:
    """A clip, when it begins, and when it was cut off while it was played."""

    begin_ns: int
    clip: Clip
    end_ns: int | None = None

    @property
    def piece(self) -> Piece:
        """What was really heard of it."""
        samples, rate = self.clip.samples, self.clip.rate
        if self.end_ns is not None:
            samples = samples[: 2 * max(0, round((self.end_ns - self.begin_ns) / 1e9 * rate))]
        return Piece(self.begin_ns / 1e9, samples, rate)


def heard_at(speech_ns: int, clip: Clip, answered_ns: int | None) -> int:
    """When a clip of the caller begins: with the speech at the latest, and early enough to be over when answered."""
    if answered_ns is None:
        return speech_ns
    return max(speech_ns - LEAD_NS, min(speech_ns, answered_ns - round(clip.whole_ms * NS_PER_MS)))


def sounds_of(
    call: TracedCall, heard: Sequence[Sound], replies: Sequence[Sound]
) -> tuple[list[ParsedAudio], list[dict[str, str]]]:
    """A track of each side. Where the sender cut any of it there is none, and a warning says so."""
    if any(one.clip.is_cut for one in (*heard, *replies)):
        return [], [{"path": "spans", "message": CUT}]
    return list(_tracks(call, {"caller": heard, "agent": replies})), []


def _tracks(call: TracedCall, sides: dict[str, Sequence[Sound]]) -> Iterator[ParsedAudio]:
    for side, sounds in sides.items():
        if laid := track([one.piece for one in sounds], (call.start_ns or 0) / 1e9):
            samples, rate, offset_ms = laid
            offset_ms = max(0, offset_ms)
            yield ParsedAudio(conversation_id=call.id, track=side, data=samples, rate=rate, offset_ms=offset_ms)
