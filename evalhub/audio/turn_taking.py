"""Turn-taking, from intervals alone. Definitions and policies: docs/metrics.md#turn-taking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from evalhub.audio.findings import why_not_measurable
from evalhub.audio.flow_rows import flow_rows
from evalhub.audio.latency_rows import SHARES, latency_rows
from evalhub.audio.mixed import mixed_flow_rows, mixed_track
from evalhub.audio.recording_check import findings_of
from evalhub.audio.scoring import row
from evalhub.audio.stages import STAGES
from evalhub.audio.talk import Talk, talk_of
from evalhub.audio.tracks import SIDES, Track, Tracks, tracks_of
from evalhub.errors import Skipped
from evalhub.evaluators import Context, Evaluator, Metric
from evalhub.models import Conversation, Score

PAGE = "docs/metrics.md#turn-taking"
SPLITS = {"": "", ".with_tool": " after a tool call", ".without_tool": " without a tool call"}


def _latency_metrics() -> Iterator[Metric]:
    yield Metric("turn_latency_ms", "Response time", "ms", "lower", PAGE)
    for split, words in SPLITS.items():
        for share in SHARES:
            yield Metric(f"turn_latency_ms{split}.{share}", f"Response time{words}, {share}", "ms", "lower", PAGE)


def _stage_metrics() -> Iterator[Metric]:
    for stage in STAGES:
        yield Metric(f"stage_ms.{stage}", f"Latency in {stage.replace('_', ' ')}", "ms", "lower", PAGE)
    yield Metric("stage_ms.unexplained", "Latency nobody explains", "ms", "lower", PAGE)


METRICS = (
    *_latency_metrics(),
    Metric("response_rate", "Caller turns answered", None, "higher", PAGE),
    Metric("greeting_ms", "Greeting after", "ms", "lower", PAGE),
    Metric("agent_interruptions_per_turn", "Agent cuts in, per caller turn", None, "lower", PAGE),
    Metric("overlap_ms", "Both speak", "ms", "lower", PAGE),
    Metric("yield_ms", "Agent gives way after", "ms", "lower", PAGE),
    Metric("yield_rate", "Barge-ins the agent gave way to", None, "higher", PAGE),
    Metric("false_stop_rate", "Stopped at a sound that was no turn", None, "lower", PAGE),
    Metric("dead_air_ms.longest", "Longest dead air", "ms", "lower", PAGE),
    Metric("dead_air_ms.total", "Dead air, total", "ms", "lower", PAGE),
    Metric("tool_silence_ms", "Silence while a tool works", "ms", "lower", PAGE),
    Metric("talk_ratio", "Agent's share of talk", None, "target", PAGE),
    Metric("heard_text", "Share of an interrupted turn that was heard", None, "none", PAGE),
    Metric("reported_gap_ms", "Response time beyond the reported", "ms", "target", PAGE),
    Metric("reported_gap_ms.p50", "Response time beyond the reported, p50", "ms", "target", PAGE),
    *_stage_metrics(),
)
UNITS = {metric.id: metric.unit for metric in METRICS}
PER_TURN = ("turn_latency_ms", "yield_ms", "heard_text", "reported_gap_ms")
OF_CALL = tuple(
    metric.id
    for metric in METRICS
    if metric.id not in PER_TURN and not metric.id.startswith("stage_ms") and "_tool." not in metric.id
)
"""the metrics that every conversation has, measurable or not"""


@dataclass(frozen=True, kw_only=True)
class TurnTaking(Evaluator):
    """Latency, interruptions, overlap and silence, from the sound itself or else from reported times."""

    name = "turn_taking"
    version = "2"
    kind_of_work = "audio"
    reads = frozenset({"recordings", "turns", "tool_calls", "voiced", "facts"})
    metrics = METRICS

    def evaluate(self, conversation: Conversation, context: Context) -> Iterable[Score]:
        tracks = tracks_of(conversation, context)
        talk, mixed = _talk(conversation, tracks), mixed_track(tracks)
        if talk is None and mixed is None and not _one_side(tracks):
            raise Skipped("no_times", "Nothing tells who spoke when: no recording of both sides, no turns with times.")
        basis = talk.basis if talk else "audio"
        findings = findings_of(conversation, context) if basis == "audio" else []
        for score in _rows(conversation, talk, mixed):
            score.basis, score.unit = basis, UNITS[score.metric]
            if why := why_not_measurable(findings, score.metric):
                score.value, score.verdict, score.label, score.explanation, score.reason = None, None, None, None, why
            yield score


def _talk(conversation: Conversation, tracks: Tracks) -> Talk | None:
    """Who spoke when; None where nothing tells, or only one side was recorded: what is missing is not silence."""
    return None if _one_side(tracks) and not conversation.voiced else talk_of(conversation, tracks)


def _one_side(tracks: Tracks) -> bool:
    return len(tracks.by_role.keys() & set(SIDES)) == 1


def _rows(conversation: Conversation, talk: Talk | None, mixed: Track | None) -> Iterable[Score]:
    if talk is None and mixed is not None:
        return mixed_flow_rows(conversation, mixed, OF_CALL)
    if talk is None:
        return (row(metric, None, reason="not measurable: one side was not recorded") for metric in OF_CALL)
    return chain(latency_rows(conversation, talk), flow_rows(conversation, talk))
