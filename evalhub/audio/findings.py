"""What can be wrong with a recording, and which metrics each fault makes not measurable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

CODES = {
    "tracks_swapped": "Tracks swapped",
    "track_missing": "Track missing",
    "track_silent": "Track silent",
    "channels_identical": "Channels identical",
    "offset": "Recording offset from the events",
    "drift": "Recording drifts from the events",
    "gap": "Gap in the recording",
    "clipping": "Clipping",
    "dc": "DC offset",
    "rate_mismatch": "Sample rate mismatch",
}
BOTH_SIDES = (
    "turn_latency_ms", "response_rate", "agent_interruptions_per_turn", "yield_ms", "yield_rate", "false_stop_rate",
    "heard_text", "reported_gap_ms", "stage_ms.unexplained",
)  # fmt: skip
"""read who speaks when on both tracks"""
EITHER_SIDE = ("overlap_ms", "dead_air_ms", "tool_silence_ms")
"""the same when caller and agent change places"""
AGENT_SIDE = ("greeting_ms",)
SHARE = ("talk_ratio",)
TURN_TAKING = (*BOTH_SIDES, *EITHER_SIDE, *AGENT_SIDE, *SHARE)
AGAINST_EVENTS = (
    "greeting_ms", "reported_gap_ms", "heard_text", "tool_silence_ms", "dead_air_ms",
    "turn_latency_ms.with_tool", "turn_latency_ms.without_tool", "stage_ms.unexplained",
)  # fmt: skip
"""compare the sound with what the client reported"""
PITCH = ("f0_median_hz", "f0_sd_st", "f0_range_st", "final_slope_st_per_s", "expressiveness")
PAUSES = ("pause_ratio", "pauses_per_min", "longest_pause_ms")
RATES = ("speech_rate_wpm", "articulation_rate_syll_s", "syllables", "pace")
LEVELS = ("loudness_lufs", "loudness_range_lu", "clipped_fraction", "dropouts_per_min", "snr_db", "energy")
DNSMOS = ("dnsmos_sig", "dnsmos_bak", "dnsmos_ovr")
DELIVERY = (*PITCH, *PAUSES, *RATES, *LEVELS, *DNSMOS)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fault: what was seen, where, and the metrics (or families of metrics) it makes not measurable."""

    code: str
    message: str
    track: str | None = None
    """caller, agent or mixed; None where it concerns the whole recording"""
    at_ms: int | None = None
    end_ms: int | None = None
    affects: tuple[str, ...] = ()


def why_not_measurable(findings: Iterable[Finding], metric: str, track: str | None = None) -> str | None:
    """The reason why this metric (of this track) cannot be trusted, if there is one."""
    for finding in findings:
        concerns = track is None or finding.track in (None, track)
        if concerns and any(metric == family or metric.startswith(family + ".") for family in finding.affects):
            return f"not measurable: {finding.message}"
    return None
