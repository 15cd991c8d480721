"""The recording check: is this sound what it claims to be? Definitions: docs/metrics.md#recording-check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from evalhub.audio import clocks, faults
from evalhub.audio.findings import CODES, Finding
from evalhub.audio.scoring import row
from evalhub.audio.tracks import tracks_of
from evalhub.audio.turns import call_length_ms, turn_intervals
from evalhub.errors import Skipped
from evalhub.evaluators import Context, Evaluator, Metric
from evalhub.models import Conversation, Score

PAGE = "docs/metrics.md#recording-check"
POLICY = {
    "silent_below_peak": faults.SILENT_PEAK,
    "clipped_fraction": faults.CLIPPED_FRACTION,
    "dc": faults.DC,
    "identical_from_correlation": faults.ALIKE,
    "offset_ms": clocks.OFFSET_MS,
    "drift_ms": clocks.DRIFT_MS,
}


def findings_of(conversation: Conversation, context: Context) -> list[Finding]:
    """Everything wrong with a conversation's recordings, found once for all evaluators.

    Raises:
        Blocked: a recording was announced, is not here, and may still come.
    """
    return context.once("recording_findings", lambda: list(_findings(conversation, context)))


def _findings(conversation: Conversation, context: Context) -> Iterator[Finding]:
    tracks, turns = tracks_of(conversation, context), turn_intervals(conversation)
    on_clocks = list(clocks.against_events(tracks, turns, call_length_ms(conversation)))
    wrong_rate = any(finding.code == "rate_mismatch" for finding in on_clocks)
    yield from faults.missing(tracks)
    yield from faults.identical(tracks)
    yield from faults.silent(tracks, {} if wrong_rate else turns)  # speech at a wrong rate may not be heard as speech
    yield from on_clocks
    yield from faults.gaps(tracks, turns)
    yield from faults.ends_early(tracks, {} if on_clocks else turns)  # at another time or rate it ends elsewhere
    yield from faults.clipped(tracks)
    yield from faults.off_zero(tracks)


@dataclass(frozen=True, kw_only=True)
class RecordingCheck(Evaluator):
    """Looks for faults of the recording itself, before any number is read from it."""

    name = "recording_check"
    version = "5"
    kind_of_work = "audio"
    reads = frozenset({"recordings", "turns", "facts"})
    metrics = (
        Metric("recording_check.clean", "Recording is sound", None, "higher", PAGE),
        *(Metric(f"recording_check.{code}", title, None, "lower", PAGE) for code, title in CODES.items()),
    )

    def evaluate(self, conversation: Conversation, context: Context) -> Iterable[Score]:
        if not conversation.recordings:
            raise Skipped("no_audio", "No recording belongs to this conversation.")
        found = findings_of(conversation, context)
        yield _verdict(found)
        for code in CODES:
            if ours := [finding for finding in found if finding.code == code]:
                yield _row(code, ours)


def _verdict(found: list[Finding]) -> Score:
    return row(
        "recording_check.clean",
        0.0 if found else 1.0,
        verdict="fail" if found else "pass",
        explanation=_sentence(found) if found else "The recording is sound.",
        evidence=[_evidence(finding) for finding in found],
        basis="audio",
        policy=POLICY,
    )


def _row(code: str, found: list[Finding]) -> Score:
    """One row per kind of fault: its value is how many were found."""
    affects = sorted({metric for finding in found for metric in finding.affects})
    return row(
        f"recording_check.{code}",
        len(found),
        verdict="fail",
        explanation=_sentence(found),
        evidence=[_evidence(finding) for finding in found],
        basis="audio",
        policy=POLICY,
        label={"affects": affects},
    )


def _sentence(found: list[Finding]) -> str:
    messages = "; ".join(finding.message for finding in found)
    return f"{messages[:1].upper()}{messages[1:]}."


def _evidence(finding: Finding) -> dict[str, Any]:
    place = {"start_ms": finding.at_ms, "end_ms": finding.end_ms, "channel": finding.track, "quote": finding.message}
    return {key: value for key, value in place.items() if value is not None}
