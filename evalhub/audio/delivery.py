"""How the agent's voice sounds, and whether that is the style its prompt asks for: docs/metrics.md#delivery."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from evalhub.audio.dead import DROPOUT_MS
from evalhub.audio.findings import why_not_measurable
from evalhub.audio.intervals import total
from evalhub.audio.mixed import mixed_delivery_rows, mixed_track
from evalhub.audio.recording_check import findings_of
from evalhub.audio.scoring import row
from evalhub.audio.style_target import style_targets
from evalhub.audio.tone import SCALES, Position, positions
from evalhub.audio.track_sound import PAUSE_MS, UTTERANCE_GAP_MS
from evalhub.audio.tracks import Track, tracks_of
from evalhub.audio.turn_tone import drift_by_turn, tone_by_turn, utterances_of
from evalhub.errors import Skipped
from evalhub.evaluators import Better, Context, Evaluator, Metric
from evalhub.models import Conversation, Score

PAGE = "docs/metrics.md#delivery"
FEATURES: dict[str, tuple[str, str | None, Better]] = {
    "f0_median_hz": ("Pitch, median", "Hz", "none"),
    "f0_sd_st": ("Pitch spread", "semitones", "target"),
    "f0_range_st": ("Pitch range", "semitones", "target"),
    "final_slope_st_per_s": ("Intonation at the end", "semitones/s", "none"),
    "articulation_rate_syll_s": ("Syllables a second", "1/s", "target"),
    "syllables": ("Syllables", None, "none"),
    "pause_ratio": ("Share of pauses", None, "target"),
    "pauses_per_min": ("Pauses a minute", "1/min", "target"),
    "longest_pause_ms": ("Longest pause", "ms", "lower"),
    "loudness_lufs": ("Loudness", "LUFS", "target"),
    "loudness_range_lu": ("Loudness range", "LU", "target"),
    "clipped_fraction": ("Clipped share", None, "lower"),
    "dropouts_per_min": ("Dropouts a minute", "1/min", "lower"),
    "snr_db": ("Signal to noise", "dB", "higher"),
}
TITLES = {"energy": "Energy", "pace": "Pace", "expressiveness": "Expressiveness"}
POLICY = {"utterance_gap_ms": UTTERANCE_GAP_MS, "pause_ms": PAUSE_MS, "dropout_ms": DROPOUT_MS, "f0_hz": [75, 500]}
TOO_SHORT = "not measurable: too little speech on the agent's track"


@dataclass(frozen=True, kw_only=True)
class Delivery(Evaluator):
    """Pitch, rate, pauses and loudness of the agent's voice, judged against the style of its prompt."""

    name = "delivery"
    version = "2"
    kind_of_work = "audio"
    reads = frozenset({"recordings", "turns", "prompt", "facts"})
    metrics = (
        *(Metric(name, title, unit, better, PAGE) for name, (title, unit, better) in FEATURES.items()),
        Metric("speech_rate_wpm", "Words a minute", "1/min", "target", PAGE),
        *(Metric(scale, title, None, "target", PAGE) for scale, title in TITLES.items()),
        Metric("voice_drift", "Voice away from its first turn", None, "lower", PAGE),
    )

    def evaluate(self, conversation: Conversation, context: Context) -> Iterable[Score]:
        units = {metric.id: metric.unit for metric in self.metrics}
        mixed = mixed_track(tracks_of(conversation, context))
        track = mixed or agent_track(conversation, context)
        findings = findings_of(conversation, context)
        for score in mixed_delivery_rows(mixed, units) if mixed else _rows(conversation, track):
            score.basis, score.unit = "audio", units[score.metric]
            if why := why_not_measurable(findings, score.metric, track.role):
                score.value, score.verdict, score.explanation, score.reason = None, None, None, why
            yield score


def agent_track(conversation: Conversation, context: Context) -> Track:
    """The track of the agent alone.

    Raises:
        Skipped: there is none; says why.
    """
    if not conversation.recordings:
        raise Skipped("no_audio", "No recording belongs to this conversation.")
    tracks = tracks_of(conversation, context)
    if "agent" not in tracks.by_role:
        why = tracks.absent.get("agent", "the recording holds both sides in one track")
        raise Skipped("no_agent_track", f"There is no track of the agent alone: {why}.")
    return tracks.by_role["agent"]


def _rows(conversation: Conversation, track: Track) -> Iterator[Score]:
    for name in FEATURES:
        value = track.delivery[name]
        yield row(name, value, reason=None if value is not None else TOO_SHORT, policy=POLICY)
    yield speech_rate(conversation, track)
    targets = style_targets(conversation.prompt.voice_style if conversation.prompt else None)
    for scale, position in positions(track.delivery).items():
        yield _tone_row(scale, position, targets.get(scale), track)
    spoken = utterances_of(conversation, track)
    yield from tone_by_turn(spoken, targets)
    yield from drift_by_turn(spoken)


def speech_rate(conversation: Conversation, track: Track) -> Score:
    """Words the agent spoke per minute of its voiced time; of an interrupted turn only what was heard counts."""
    turns = conversation.turns_of("agent")
    spoken = [turn.heard_text if turn.heard_text is not None else turn.text for turn in turns]
    cut_blindly = any(turn.interrupted and turn.heard_text is None for turn in turns)
    voiced_ms = total(track.voiced)
    if not turns or cut_blindly or not voiced_ms or any(text is None for text in spoken):
        return row("speech_rate_wpm", None, reason="not measurable: no full transcript of what the agent said")
    words = sum(len((text or "").split()) for text in spoken)
    return row("speech_rate_wpm", words * 60_000 / voiced_ms, counts={"words": words, "voiced_ms": voiced_ms})


def _tone_row(scale: str, position: Position | None, target: Any, track: Track) -> Score:
    if position is None:
        return row(scale, None, reason=TOO_SHORT)
    policy = {"anchors": {name: [ramp.at_zero, ramp.at_one, ramp.weight] for name, ramp in SCALES[scale].items()}}
    if target is None:
        explanation = f"{scale} {position.value:.2f} ({position.because}); the prompt asks for none"
        return row(scale, position.value, explanation=explanation, policy=policy)
    return row(
        scale,
        position.value,
        verdict="pass" if target.holds(position.value) else "fail",
        explanation=position.against(target),
        policy=policy | {"target": [target.low, target.high], "words": list(target.words)},
        evidence=_extreme(track, position.value < target.low) if not target.holds(position.value) else [],
    )


def _extreme(track: Track, is_flat: bool) -> list[dict[str, Any]]:
    """The utterance to listen to: the flattest where too little was found, else the liveliest."""
    known = [one for one in track.delivery["utterances"] if one["f0_sd_st"] is not None]
    if not known:
        return []
    chosen = (min if is_flat else max)(known, key=lambda one: one["f0_sd_st"])
    start, end = (chosen[key] + track.offset_ms for key in ("start_ms", "end_ms"))
    return [{"start_ms": start, "end_ms": end, "channel": "agent"}]
