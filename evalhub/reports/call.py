"""One call as its page tells it: what stands out, the transcript with what happened in it, scores by tier."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalhub.models import Conversation, Evaluation, Score, ToolCall, Turn
from evalhub.reports.judges import Asked
from evalhub.reports.waterfall import Bar, waterfalls

TIERS = {
    "recording_check": "Recording",
    "turn_taking": "Turn-taking",
    "delivery": "Delivery",
    "dnsmos": "Sound quality",
    "function_calls": "Function calls",
    "business_rules": "Business rules",
    "stage_adherence": "Stages",
    "tool_calls": "Tool use",
    "tool_advice": "Tools",
    "delegation": "Delegation",
    "handoff_fidelity": "Hand-offs",
    "recovery": "After interruptions",
    "word_errors": "Words",
    "entity_accuracy": "Names and numbers",
    "cost_per_minute": "Cost",
    "rubric_judge": "Judge",
    "listening_judge": "Judge that listens",
}
READS, LISTENS = "rubric_judge", "listening_judge"
VALENCE = (
    "Sound tells how lively a voice is, not whether it is glad or angry: those look alike here. Warmth, empathy and "
    "brand fit are for people and for a model that listens."
)
NOTES = {"delivery": VALENCE}
MENDS = {
    "judge_not_connected": "Connect a model in Judge.",
    "listener_not_connected": "Connect a model that listens in Judge.",
    "no_agent_track": "Send the agent on a track of its own: .../recordings/agent, or a stereo file.",
    "sampled_out": "The share of calls is set in the rule, under Evaluation rules.",
    "rule_off": "Apply the rule to stored calls, under Evaluation rules, to evaluate it all the same.",
    "outdated": "Apply a rule to stored calls, under Evaluation rules, to evaluate what it holds now.",
    "over_budget": "The budget a day is set in Judge.",
    "no_audio": "Send the recording: PUT .../recordings/stereo",
    "no_expectations": 'Say what should have been called (tab Tools), or send "expectations".',
    "no_reference": 'Give "reference_text" on the turns that somebody checked.',
    "no_business_rules": "Write them in Rules and prices.",
    "no_stages": 'Send the stages with "prompt", or name them in "expectations".',
    "no_usage": 'Send "usage": model, meter and quantity.',
    "no_time": 'Give the hand-offs "at_ms".',
    "waiting_for_recording": "It was declared and has not come yet.",
}
PARTS = {"stage.": "Stage", "business_rule.": "Rule"}
"""metrics whose names come from the prompt or the project, and what a title calls them"""
WORST_FIRST = {"fail": 0, "unsure": 1, None: 2, "pass": 3, "na": 4}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the transcript: a turn, a tool call or a hand-off, in order of time."""

    kind: str
    at_ms: int | None
    item: Any
    latency_ms: float | None = None
    waterfall: Sequence[Bar] = ()
    """where the latency went, where the client says so"""
    words: list[dict[str, str]] | None = None
    """the alignment with what was really said, where word errors were counted"""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Scores of one tier: verdicts on the call first, bare measurements and single turns folded away."""

    title: str
    verdicts: list[Score]
    measured: list[Score] = field(default_factory=list)
    details: list[Score] = field(default_factory=list)
    note: str = ""
    """what these numbers cannot tell"""
    asked: Sequence[Asked] = ()
    """what asking the judges that gave them came to"""

    @property
    def is_calm(self) -> bool:
        """Whether nothing in it needs a look: it folds to its heading."""
        return all(score.verdict in ("pass", "na") for score in self.verdicts)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A criterion that reading and listening answer differently: what transcription loses."""

    metric: str
    read: Score
    heard: Score


@dataclass(frozen=True, kw_only=True)
class CallReport:
    """Everything the page shows besides the conversation itself."""

    stands_out: list[Score]
    lines: list[Line]
    groups: list[Group]
    differences: list[Difference]
    missing: list[tuple[Evaluation, str]]
    """evaluations without a score, each with its mend"""
    pending: int
    titles: Mapping[str, str]
    usage: Mapping[tuple[str | None, str], float]
    """quantities of the whole call by model and meter"""


def call_report(
    conversation: Conversation,
    scores: Sequence[Score],
    evaluations: Sequence[Evaluation],
    titles: Mapping[str, str],
    asked: Mapping[str, Asked],
) -> CallReport:
    """The page's view of one call. `titles`: of metrics and criteria by id; `asked`: by judge version."""
    fails = [score for score in scores if score.verdict == "fail" and not score.metric.startswith(tuple(PARTS))]
    told = [score for score in fails if score.subject_type == "conversation"] or fails
    return CallReport(
        stands_out=sorted(_each_once(told), key=first_ms)[:8],
        lines=_lines(conversation, scores),
        groups=_groups(scores, asked),
        differences=differences(scores),
        missing=[
            (e, MENDS.get(e.reason_code or "", "")) for e in evaluations if e.status in ("skipped", "blocked", "failed")
        ],
        pending=sum(evaluation.status in ("pending", "running") for evaluation in evaluations),
        titles=_titles_of_parts(scores) | dict(titles),
        usage=_usage(conversation),
    )


def differences(scores: Sequence[Score]) -> list[Difference]:
    """Criteria of the whole call on which a judge that reads and one that listens both decided, and not alike."""
    answered: dict[str, dict[str, Score]] = {READS: {}, LISTENS: {}}
    for score in scores:
        decided = score.verdict in ("pass", "fail") or (score.verdict is None and score.value is not None)
        if score.evaluator in answered and score.metric.startswith("criterion.") and decided:
            answered[score.evaluator][score.metric] = score
    pairs = [(metric, read, answered[LISTENS].get(metric)) for metric, read in answered[READS].items()]
    return [
        Difference(metric=metric, read=read, heard=heard)
        for metric, read, heard in pairs
        if heard and (read.verdict, read.value) != (heard.verdict, heard.value)
    ]


def _titles_of_parts(scores: Sequence[Score]) -> dict[str, str]:
    """ "Stage verify" for `stage.verify`; what fails of them is told by the score of the whole."""
    return {
        score.metric: f"{called} {score.metric.removeprefix(start).replace('_', ' ')}"
        for score in scores
        for start, called in PARTS.items()
        if score.metric.startswith(start)
    }


def _usage(conversation: Conversation) -> dict[tuple[str | None, str], float]:
    totals: Counter[tuple[str | None, str]] = Counter()
    for row in conversation.usage:
        totals[row.model, row.meter] += row.quantity  # type: ignore[assignment]
    return dict(totals)


def _each_once(scores: Sequence[Score]) -> list[Score]:
    """One score per thing said: a summary that repeats its only finding is not told twice."""
    return list({(score.explanation or score.metric).rstrip("."): score for score in scores}.values())


def _judges(scores: Sequence[Score]) -> set[str]:
    return {score.policy["judge_version"] for score in scores if "judge_version" in (score.policy or {})}


def first_ms(score: Score) -> int:
    """When the first piece of evidence begins; the end of time where there is none."""
    return min((found["start_ms"] for found in score.evidence if found.get("start_ms") is not None), default=1 << 60)


def _lines(conversation: Conversation, scores: Sequence[Score]) -> list[Line]:
    latency = {s.subject_id: s.value for s in scores if s.metric == "turn_latency_ms" and s.subject_type == "turn"}
    words = {s.subject_id: s.evidence for s in scores if s.metric == "wer" and s.subject_type == "turn"}
    bars = waterfalls(conversation, latency)
    turns: list[Turn] = conversation.turns
    calls: list[ToolCall] = conversation.tool_calls

    def said(turn: Turn) -> Line:
        return Line(
            kind="turn",
            at_ms=turn.start_ms,
            item=turn,
            latency_ms=latency.get(turn.id),
            waterfall=bars.get(turn.id, ()),
            words=_alignment(words.get(turn.id)),
        )

    lines = [said(turn) for turn in turns]
    lines += [Line(kind="tool", at_ms=call.start_ms, item=call) for call in calls]
    lines += [Line(kind="handoff", at_ms=handoff.at_ms, item=handoff) for handoff in conversation.handoffs]
    lines += [Line(kind="trip", at_ms=trip.at_ms, item=trip) for trip in conversation.guardrail_trips]
    return _in_order(lines)


def _in_order(lines: list[Line]) -> list[Line]:
    """By time; what has none stays behind what it followed."""
    keyed, last = [], 0
    for line in lines:
        last = last if line.at_ms is None else line.at_ms
        keyed.append((last, line))
    return [line for _, line in sorted(keyed, key=lambda pair: pair[0])]


def _alignment(evidence: Any) -> list[dict[str, str]] | None:
    return evidence[0].get("alignment") if evidence else None


def _rank(score: Score) -> tuple[int, bool, int]:
    """The worst first, the whole before its parts, and then as it happened."""
    return WORST_FIRST.get(score.verdict, 2), score.metric.startswith(tuple(PARTS)), first_ms(score)


def _groups(scores: Sequence[Score], asked: Mapping[str, Asked]) -> list[Group]:
    """Those with something to look at first, the worst before the others; else in the order of the tiers."""
    names = {score.evaluator for score in scores}
    groups = []
    for evaluator in [*TIERS, *sorted(names - TIERS.keys())]:
        own = [score for score in scores if score.evaluator == evaluator]
        whole = sorted((s for s in own if s.subject_type == "conversation"), key=_rank)
        verdicts = [score for score in whole if score.verdict]
        measured = [score for score in whole if not score.verdict]
        details = [score for score in own if score.subject_type != "conversation"]
        if own:
            groups.append(
                Group(
                    title=TIERS.get(evaluator, evaluator),
                    verdicts=verdicts,
                    measured=measured,
                    details=details,
                    note=NOTES.get(evaluator, ""),
                    asked=[asked[judge] for judge in sorted(_judges(own)) if judge in asked],
                )
            )
    return sorted(groups, key=lambda group: (group.is_calm, min(map(_rank, group.verdicts), default=(9,))[0]))
