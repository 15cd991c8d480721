"""DNSMOS of the agent's voice, for those who turn it on: docs/metrics.md#delivery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from evalhub.audio.decode import probe
from evalhub.audio.delivery import agent_track
from evalhub.audio.dnsmos_model import HOP, SCALES, WINDOW, ratings, speech_of
from evalhub.audio.findings import why_not_measurable
from evalhub.audio.intervals import Interval, union
from evalhub.audio.recording_check import findings_of
from evalhub.audio.scoring import row
from evalhub.audio.track_sound import UTTERANCE_GAP_MS
from evalhub.audio.tracks import Track
from evalhub.errors import Blocked, SetupError, Skipped
from evalhub.evaluators import Context, Evaluator, Metric
from evalhub.models import Conversation, Score

PAGE = "docs/metrics.md#delivery"
TITLES = {
    "sig": "Voice, as DNSMOS rates it",
    "bak": "Background, as DNSMOS rates it",
    "ovr": "Sound, as DNSMOS rates it",
}
POLICY = {"model": "dnsmos_p835", "window_samples": WINDOW, "hop_samples": HOP, "utterance_gap_ms": UTTERANCE_GAP_MS}
TOO_SHORT = "not measurable: less than a second of speech on the agent's track"
OFF = "DNSMOS is off: it costs more than all other sound metrics together. EVALHUB_DNSMOS=1 turns it on."


@dataclass(frozen=True, kw_only=True)
class Dnsmos(Evaluator):
    """How a listener might rate the agent's sound, by the model DNSMOS P.835; off until it is turned on."""

    name = "dnsmos"
    version = "1"
    kind_of_work = "audio"
    reads = frozenset({"recordings", "turns", "facts"})
    metrics = tuple(Metric(f"dnsmos_{scale}", TITLES[scale], None, "higher", PAGE) for scale in SCALES)

    def evaluate(self, conversation: Conversation, context: Context) -> Iterable[Score]:
        if not context.settings.dnsmos:
            raise Skipped("off", OFF)
        track = agent_track(conversation, context)
        findings = findings_of(conversation, context)
        try:
            found = rated(track, context.audio_path(track.recording))
        except SetupError as missing:
            raise Blocked("not_installed", str(missing)) from missing
        for scale, rating in found.items():
            metric = f"dnsmos_{scale}"
            why = why_not_measurable(findings, metric, "agent") or (TOO_SHORT if rating is None else None)
            yield row(metric, rating, reason=why, policy=POLICY, basis="audio")


def rated(track: Track, path: Path | None) -> dict[str, float | None]:
    """The ratings of a track's utterances by scale, read from its file.

    Raises:
        Skipped: the file is not here any more.
        SetupError: the optional packages are not installed.
    """
    if path is None:
        raise Skipped("no_audio", f"The {track.role} recording is not here.")
    recording = track.recording
    source = probe(
        path,
        rate=recording.declared_rate,
        encoding=recording.declared_encoding,
        channels=track.analysis.channel_count or 1,
    )
    return ratings(speech_of(source, track.channel, _utterances(track)))


def _utterances(track: Track) -> list[Interval]:
    """In ms of the recording."""
    voiced = [(int(start), int(end)) for start, end in (track.analysis.voiced or [])[track.channel]]
    return union(voiced, gap_ms=UTTERANCE_GAP_MS)
