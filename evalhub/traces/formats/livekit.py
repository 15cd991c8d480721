"""LiveKit Agents: a session from its spans, its report, or both; one trace a job, `agent_session` in it comes last.

Read from livekit-agents 1.8.9 and 1.2.14. Which source a fact is taken from: livekit_session/join.py.
"""

from __future__ import annotations

from collections.abc import Iterable

from evalhub.models import Conversation
from evalhub.traces.formats import Parsed
from evalhub.traces.formats.livekit_session import told
from evalhub.traces.formats.livekit_session.join import joined
from evalhub.traces.formats.livekit_session.logs import is_told, reports_of, verdict_of
from evalhub.traces.formats.livekit_session.spans import named, traced
from evalhub.traces.formats.livekit_session.totals import ByKind, larger, totals
from evalhub.traces.spans import LogRecord, SpanRecord, TracedCall

DIALECT, ORDER = "livekit", 10
SCOPE = "livekit-agents"
KINDS = {
    "agent_session": "conversation",
    "user_turn": "turn",
    "agent_turn": "turn",
    "assistant_turn": "turn",
    "realtime_assistant_turn": "turn",
    "user_speaking": "vad",
    "agent_speaking": "vad",
    "eou_detection": "vad",
    "eou_wait": "vad",
    "realtime_inference": "s2s",
    "realtime_metrics": "s2s",
    "function_tool": "tool",
    "update_agent": "handoff",
    "start_agent_activity": "agent",
}
FAMILIES = {"llm": "llm", "tts": "tts", "stt": "stt"}


def speaks(span: SpanRecord) -> bool:
    """Spans of the agents framework."""
    return span.scope == SCOPE


def speaks_log(log: LogRecord) -> bool:
    """A session report, or a piece of one."""
    return is_told(log)


def kind_of(span: SpanRecord) -> str | None:
    """The kind of step, by the span's name."""
    return KINDS.get(span.name) or FAMILIES.get(span.name.partition("_")[0])


def read(call: TracedCall) -> Parsed:
    """The session as one conversation; over once its root or its report has come."""
    conversation, used = traced(call) if call.spans else (Conversation(id=call.id), {})
    reports = reports_of(call)
    for report in reports:
        conversation = _completed(conversation, told.read(report, call))
    conversation.usage = larger(used, _total(totals(report) for report in reports))
    outcome, tags, noted = verdict_of(call, reports)
    conversation.outcome, conversation.tags = outcome, tags or None
    conversation.meta = ((conversation.meta or {}) | noted) or None
    ended = any(named(call, "agent_session")) or bool(reports)
    return Parsed(conversations=[conversation], ended=ended)


def _completed(conversation: Conversation, more: Conversation) -> Conversation:
    """The first source there is stands as it is; every other one completes it."""
    return more if conversation.started_at is None else joined(conversation, more)


def _total(found: Iterable[ByKind]) -> ByKind:
    whole: ByKind = {}
    for one in found:
        for kind, rows in one.items():
            whole.setdefault(kind, []).extend(rows)
    return whole
