"""Listen to these five: the turns and calls of a window that lie furthest out in one metric, each with its moment.

Tone is far out where it leaves the band that the prompt's style asks for, or the voice's own usual place, whichever is
further; waits and silences by their length; loudness by how far it is from the middle of the window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, func, select
from sqlalchemy.orm import Session

from evalhub.models import Conversation, Score, Turn
from evalhub.reports.measures import current_scores
from evalhub.reports.window import Window

FIVE = 5
TONE = ("energy", "pace", "expressiveness")
LONGEST = ("turn_latency_ms", "yield_ms", "voice_drift", "dead_air_ms.longest")
FROM_THE_MIDDLE = ("loudness_lufs",)
KINDS: Mapping[str, str] = {
    **dict.fromkeys(TONE, "turns furthest from what the style asks for, or from the agent's own usual voice"),
    "turn_latency_ms": "turns that the caller waited for longest",
    "yield_ms": "interruptions that the agent spoke over longest",
    "voice_drift": "turns whose voice is furthest from the agent's first turn",
    "dead_air_ms.longest": "calls with the longest silence",
    "loudness_lufs": "calls furthest from the usual loudness",
}
"""what the five are, by metric"""
OF_TURNS = (*TONE, "turn_latency_ms", "yield_ms", "voice_drift")


@dataclass(frozen=True, kw_only=True)
class Outlier:
    """One of the five: the score, whose call it is, what was said there, when to listen."""

    score: Score
    agent_name: str | None
    agent_version: str | None
    started_at: datetime | None
    said: str | None
    far: float
    """in the metric's unit: how far out"""

    @property
    def from_ms(self) -> int | None:
        return next((one["start_ms"] for one in self.score.evidence if one.get("start_ms") is not None), None)

    @property
    def to_ms(self) -> int | None:
        return next((one["end_ms"] for one in self.score.evidence if one.get("end_ms") is not None), None)


def outliers(session: Session, window: Window, metric: str, version: str | None = None) -> list[Outlier]:
    """The five furthest out, the furthest first; fewer where fewer lie out at all."""
    far = _far(session, window, metric)
    of_call = (Conversation.agent_name, Conversation.agent_version, Conversation.started_at)
    of_turn = (Turn.project_id == Score.project_id, Turn.conversation_id == Score.conversation_id)
    said = select(Turn.text).where(*of_turn, Turn.id == Score.subject_id).scalar_subquery()
    query = current_scores(window, Score, *of_call, said, far).where(*_of(metric), far > 0)
    query = query.where(Conversation.agent_version == version) if version else query
    rows = session.execute(query.order_by(far.desc(), Score.conversation_id, Score.subject_id).limit(FIVE))
    return [
        Outlier(score=score, agent_name=name, agent_version=number, started_at=started, said=text, far=out)
        for score, name, number, started, text, out in rows
    ]


def _of(metric: str) -> tuple[ColumnElement[bool], ...]:
    subject = "turn" if metric in OF_TURNS else "conversation"
    return Score.metric == metric, Score.subject_type == subject, Score.value.is_not(None)


def _far(session: Session, window: Window, metric: str) -> ColumnElement[float]:
    if metric in TONE:
        low, high = (Score.policy["target"][at].astext.cast(Float) for at in (0, 1))
        outside = func.greatest(low - Score.value, Score.value - high)
        away: Any = func.abs(Score.label["away"].astext.cast(Float))
        return func.greatest(func.coalesce(outside, 0.0), func.coalesce(away, 0.0))
    if metric in FROM_THE_MIDDLE:
        middle = func.percentile_cont(0.5).within_group(Score.value)
        usual = session.scalar(current_scores(window, middle).where(*_of(metric)))
        return func.abs(Score.value - (usual or 0.0))
    return func.coalesce(Score.value, 0.0)
