"""Reading a traced call as a conversation, in the dialect its sender speaks.

A dialect is a module of `formats/` with `DIALECT` (its name), `ORDER` (who is asked first: the most particular),
`speaks(span) -> bool`, `kind_of(span) -> str | None` (kind of step, for the list of spans) and
`read(call: TracedCall) -> Parsed`: one Conversation without its spans, sound that lay inside attributes, and
whether the call itself says that it is over. Where log records alone can tell a call, a dialect also has
`speaks_log(log) -> bool`. A call nobody understands keeps its tree of spans and nothing else.
"""

from __future__ import annotations

from types import ModuleType

from evalhub import plugins
from evalhub.models import Conversation
from evalhub.traces.formats import Parsed
from evalhub.traces.spans import SpanRecord, TracedCall


def read(call: TracedCall) -> Parsed:
    """The conversation in these spans, as the most particular dialect that recognises any of them reads it."""
    dialect = dialect_of(call)
    return dialect.read(call) if dialect else only_a_tree(call)


def dialect_of(call: TracedCall) -> ModuleType | None:
    """The dialect that a call is read in."""
    return next((dialect for dialect in plugins.dialects() if _tells(dialect, call)), None)


def _tells(dialect: ModuleType, call: TracedCall) -> bool:
    by_logs = getattr(dialect, "speaks_log", None)
    return any(map(dialect.speaks, call.spans)) or (by_logs is not None and any(map(by_logs, call.logs)))


def kind_of(span: SpanRecord) -> str:
    """conversation | turn | stt | llm | tts | s2s | tool | handoff | guardrail | agent | vad | other."""
    for dialect in plugins.dialects():
        if dialect.speaks(span):
            return dialect.kind_of(span) or "other"
    return "other"


def only_a_tree(call: TracedCall) -> Parsed:
    conversation = Conversation(id=call.id, started_at=call.started_at)
    conversation.agent_name = next((name for span in call.spans if (name := span.resource.get("service.name"))), None)
    return Parsed(conversations=[conversation])
