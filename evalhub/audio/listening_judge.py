"""The listening judge: a model that hears answers the criteria that need ears. docs/metrics.md#listening-judge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evalhub.audio.findings import why_not_measurable
from evalhub.audio.listening.answered import Group, ListenerDefinition
from evalhub.audio.listening.asking import listener
from evalhub.audio.listening.excerpts import around, as_wav, cut, source_of
from evalhub.audio.listening.heard_turns import HeardTurn, heard_turns, spread, with_most_digits
from evalhub.audio.listening.prompt import PROMPT_VERSION, messages_of, system_text
from evalhub.audio.recording_check import findings_of
from evalhub.audio.scoring import row
from evalhub.audio.tracks import Track, tracks_of
from evalhub.errors import Failed, Skipped
from evalhub.evaluators import Context, Evaluator, Metric, digest
from evalhub.models import Conversation, Criterion, JudgeAnswer, RubricVersion, Score

PAGE = "docs/metrics.md#listening-judge"
SHOWN = ("nothing", "moment", "text")
CLOCKS = ("offset", "drift")
PICKED = {"nothing": "spread", "moment": "spread", "text": "most digits"}


@dataclass(frozen=True, kw_only=True)
class ListeningJudge(Evaluator):
    """A model that hears the agent's own track answers the criteria that need ears, with what it heard as evidence.

    One request for each group of criteria that may read the same beside the sound. Scores: `criterion.<key>` as the
    rubric judge gives them, and `listening_judge.heard`, the share of the agent's speech that was played to it.
    Evidence is turns; their times are code's. `policy.judge_version` names rubric, prompt, model and parameters.
    What was answered before about the same sound by the same judge is not asked again.
    """

    name = "listening_judge"
    version = "1"
    kind_of_work = "judge"
    reads = frozenset({"facts", "turns", "recordings", "prompt", "rubric"})
    metrics = (Metric("listening_judge.heard", "Agent speech that was listened to", "ratio", "none", PAGE),)

    rubric: str | None = None
    """answer this rubric; the project's where nothing is named"""
    max_turns: int = 8
    """turns played in one request"""
    max_seconds: float = 90.0
    """sound played in one request"""
    turn_seconds: float = 20.0
    """a longer turn is cut"""
    timeout_s: float = 60.0

    def evaluate(self, conversation: Conversation, context: Context) -> Iterator[Score]:
        if not conversation.recordings:
            raise Skipped("no_audio", "No recording belongs to this conversation.")
        listener(context.settings)
        criteria = _criteria(context)
        tracks = tracks_of(conversation, context)
        track = _usable(conversation, context)
        turns = heard_turns(conversation, tracks, track)
        if not turns:
            raise Skipped("nothing_to_hear", "The agent's track holds no speech.")
        return self._listened(conversation, context, criteria, track, turns)

    def definition(self, rubric: RubricVersion, model: str) -> ListenerDefinition:
        """This judge, as it is asked for: by the model's configured name."""
        return ListenerDefinition(
            rubric=rubric.rubric,
            rubric_version=rubric.number,
            rubric_hash=rubric.definition_hash,
            prompt=PROMPT_VERSION,
            model=model,
            **self._limits(),
        )

    def _listened(
        self,
        conversation: Conversation,
        context: Context,
        criteria: Sequence[Criterion],
        track: Track,
        turns: Sequence[HeardTurn],
    ) -> Iterator[Score]:
        groups = {shown: [one for one in criteria if one.shown == shown] for shown in SHOWN}
        picked = {shown: self._picked(shown, turns) for shown, asked in groups.items() if asked}
        played = {turn.turn_id: turn for chosen in picked.values() for turn in chosen}
        sounds = self._sounds(context, track, list(played.values()))
        listening = _Listening(self, conversation, context, sounds)
        for shown, chosen in picked.items():
            why = _why_not(shown, chosen, findings_of(conversation, context))
            yield from listening.told(groups[shown], chosen) if not why else _unanswered(groups[shown], why)
        if listening.failures and not listening.answered:
            raise listening.failures[0]
        share = sum(turn.seconds(self.turn_seconds) for turn in played.values()) / _seconds(turns)
        counts = {"turns": len(turns), "heard": len(played)}
        yield row("listening_judge.heard", share, unit="ratio", counts=counts, basis="audio", policy=self._limits())

    def _picked(self, shown: str, turns: Sequence[HeardTurn]) -> list[HeardTurn]:
        pick = with_most_digits if shown == "text" else spread
        return pick(turns, most=self.max_turns, seconds=self.max_seconds, turn_seconds=self.turn_seconds)

    def _sounds(self, context: Context, track: Track, turns: Sequence[HeardTurn]) -> dict[str, str]:
        path = context.audio_path(track.recording)
        if path is None:
            raise Skipped("no_audio", "The sound of this recording is not here.")
        source = source_of(path, track)
        stretches = [around(turn.interval, track.offset_ms, self.turn_seconds) for turn in turns]
        pieces = cut(source, track.channel, stretches)
        context.details["seconds_of_sound"] = round(sum(map(len, pieces)) / source.speech_rate, 1)
        names = [turn.turn_id for turn in turns]
        return {name: as_wav(piece, source.speech_rate) for name, piece in zip(names, pieces, strict=True)}

    def _limits(self) -> dict[str, Any]:
        return {"max_turns": self.max_turns, "max_seconds": self.max_seconds, "turn_seconds": self.turn_seconds}


class _Listening:
    """Asks group after group and keeps what failed: one unusable answer takes no other group's verdicts away."""

    def __init__(
        self, judge: ListeningJudge, conversation: Conversation, context: Context, sounds: dict[str, str]
    ) -> None:
        self.judge, self.conversation, self.context, self.sounds = judge, conversation, context, sounds
        self.answered = 0
        self.failures: list[Failed] = []

    def told(self, criteria: Sequence[Criterion], turns: Sequence[HeardTurn]) -> list[Score]:
        limit = self.judge.turn_seconds
        group = Group(
            criteria=criteria,
            turns=turns,
            messages=messages_of(self.conversation, criteria, turns, self.sounds, turn_seconds=limit),
            asked=self.judge.definition(self.context.rubric, listener(self.context.settings).judge_model or ""),
            context=self.context,
            timeout_s=self.judge.timeout_s,
        )
        hashes = self.context.details.setdefault("prompt_hash", {})
        hashes[criteria[0].shown] = digest(system_text(criteria, limit))
        try:
            answer = group.answer()
        except Failed as why:
            self.failures.append(why)
            return _unanswered(criteria, why.reason)
        self.answered += 1
        return group.scores(answer, self._policy(criteria[0].shown, answer))

    def _policy(self, shown: str, answer: JudgeAnswer) -> dict[str, Any]:
        rubric = self.context.rubric
        return self.judge._limits() | {
            "rubric": rubric.rubric,
            "rubric_version": rubric.number,
            "judge": answer.model,
            "judge_version": answer.judge_version,
            "prompt_version": PROMPT_VERSION,
            "shown": shown,
            "turns": PICKED[shown],
        }


def _criteria(context: Context) -> list[Criterion]:
    rubric = context.rubric
    if not isinstance(rubric, RubricVersion):
        raise Skipped("no_rubric", "the project has no rubric")
    criteria = [criterion for criterion in rubric.criteria if criterion.modality != "transcript"]
    if not criteria:
        raise Skipped("no_audio_criteria", "no criterion of this rubric needs ears")
    return criteria


def _usable(conversation: Conversation, context: Context) -> Track:
    """The agent's own track, unless what is on it may not be the agent."""
    tracks = tracks_of(conversation, context)
    if "agent" not in tracks.by_role:
        why = tracks.absent.get("agent", "the recording holds both sides in one track")
        raise Skipped("no_agent_track", f"There is no track of the agent alone: {why}.")
    if why_not := why_not_measurable(findings_of(conversation, context), "f0_median_hz", "agent"):
        raise Skipped("recording_not_usable", why_not)
    return tracks.by_role["agent"]


def _why_not(shown: str, turns: Sequence[HeardTurn], findings: Sequence[Any]) -> str | None:
    """Why a group cannot be asked: a text can only be compared where there is one, and where it is the turn's own."""
    if shown != "text":
        return None
    if not any(turn.text for turn in turns):
        return "no turn of the agent has a text to compare the sound with"
    return next((found.message for found in findings if found.code in CLOCKS), None)


def _unanswered(criteria: Sequence[Criterion], why: str) -> list[Score]:
    return [row(f"criterion.{one.key}", None, reason=f"not measurable: {why}", basis="audio") for one in criteria]


def _seconds(turns: Sequence[HeardTurn]) -> float:
    return sum(turn.seconds(float("inf")) for turn in turns)
