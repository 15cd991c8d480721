"""What a recording with both sides in one track tells: when nobody spoke, and how it sounds as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evalhub.audio.flow_rows import silence_rows
from evalhub.audio.scoring import row
from evalhub.audio.silence import silence_between
from evalhub.audio.talk import tools_of
from evalhub.audio.tracks import SIDES, Track, Tracks
from evalhub.models import Conversation, Score

WHY_NOT = "not measurable: mixed mono, one track holds both sides and does not tell who speaks: send each by itself"
OF_THE_WHOLE = ("loudness_lufs", "loudness_range_lu", "clipped_fraction", "dropouts_per_min", "snr_db")
"""of the recording rather than of a voice"""


def mixed_track(tracks: Tracks) -> Track | None:
    """The one track of both sides, where neither has its own."""
    return None if tracks.by_role.keys() & set(SIDES) else tracks.by_role.get("mixed")


def mixed_flow_rows(conversation: Conversation, track: Track, metrics: Iterable[str]) -> Iterator[Score]:
    """Dead air as it was heard; the other `metrics` of turn-taking need to know who speaks."""
    quiet = silence_between(track.voiced, track.span, tools_of(conversation))
    found = {score.metric: score for score in silence_rows(quiet)}
    yield from found.values()
    yield from (row(metric, None, reason=WHY_NOT) for metric in metrics if metric not in found)


def mixed_delivery_rows(track: Track, metrics: Iterable[str]) -> Iterator[Score]:
    """Level and noise of the recording; the other `metrics` of delivery are of one voice."""
    for metric in metrics:
        value = track.delivery[metric] if metric in OF_THE_WHOLE else None
        why = "not measurable: too little speech in the recording" if metric in OF_THE_WHOLE else WHY_NOT
        yield row(metric, value, reason=None if value is not None else why, policy={"track": "mixed"})
