"""GenAI semantic conventions: model calls, tools and agents of any framework, as a dialogue.

A model's text is what was generated; when and whether it was spoken such spans do not know, so turns carry no times.
Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/, and its names since 1.27.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evalhub.models import Conversation, Handoff, PromptVersion, ToolCall
from evalhub.traces.formats import Parsed
from evalhub.traces.formats.dialogue import Dialogue
from evalhub.traces.formats.genai_messages import Exchange, exchange_of
from evalhub.traces.formats.loose import structured, words
from evalhub.traces.formats.span_usage import model_of, usage_of
from evalhub.traces.spans import SpanRecord, TracedCall

DIALECT, ORDER = "genai", 90
OPERATION = "gen_ai.operation.name"
MODEL_CALLS = ("chat", "generate_content", "text_completion")
KINDS = {
    **dict.fromkeys(MODEL_CALLS, "llm"),
    "execute_tool": "tool",
    "invoke_agent": "agent",
    "create_agent": "agent",
    "invoke_workflow": "conversation",
}
PROMPT_VERSIONS = ("prompt.version", "llm.prompt_template.version", "gen_ai.prompt.version")


def speaks(span: SpanRecord) -> bool:
    """Spans with an operation of the conventions, or at least a model's provider."""
    return span.first(OPERATION, "gen_ai.provider.name", "gen_ai.system") is not None


def kind_of(span: SpanRecord) -> str | None:
    """The kind of step, by its operation."""
    kind = KINDS.get(str(span.attributes.get(OPERATION)))
    return "s2s" if kind == "llm" and span.attributes.get("gen_ai.output.type") == "speech" else kind


def read(call: TracedCall) -> Parsed:
    """The dialogue that the model calls repeat, their tools and tokens."""
    models = [span for span in call.spans if span.attributes.get(OPERATION) in MODEL_CALLS]
    exchanges = [(span, exchange_of(call, span)) for span in models]
    told = Dialogue()
    for span, exchange in exchanges:
        told.listen(span, exchange, _agent(call, span))
    conversation = Conversation(
        id=call.id,
        started_at=call.started_at,
        user_id=call.said("user.id", "enduser.id"),
        agent_name=call.said("gen_ai.agent.name", "gen_ai.workflow.name") or call.resource("service.name"),
        agent_version=call.said("gen_ai.agent.version") or call.resource("service.version"),
        models=_models(models) or None,
        prompt=_prompt(call, [exchange for _, exchange in exchanges]),
        turns=told.turns,
        tool_calls=list(_tool_calls(call, told)),
        handoffs=list(_delegations(call)),
        usage=[row for span in models if not _wraps(call, span) for row in usage_of(span, told.turn_of(span))],
    )
    return Parsed(conversations=[conversation], ended=_is_over(call))


def _tool_calls(call: TracedCall, told: Dialogue) -> Iterator[ToolCall]:
    run = {_tool_id(span): span for span in call.spans if span.attributes.get(OPERATION) == "execute_tool"}
    for position, id_ in enumerate(dict.fromkeys([*told.asked, *run])):
        name, arguments, asking = told.asked.get(id_, (None, None, None))
        span = run.get(id_)
        given = structured(span.attributes.get("gen_ai.tool.call.arguments")) if span else None
        step = span or asking
        yield ToolCall(
            id=id_ or f"tool-{position}",
            position=position,
            turn_id=told.turn_of(step) if step else None,
            agent_name=_agent(call, step) if step else None,
            name=name or words(span.attributes.get("gen_ai.tool.name") if span else None) or "unknown",
            arguments=given if given is not None else arguments,
            **_outcome(span, told.results.get(id_)),
            start_ms=call.ms(span.start_ns) if span else None,
            end_ms=call.ms(span.end_ns) if span else None,
        )


def _outcome(span: SpanRecord | None, answered: Any) -> dict[str, Any]:
    """What the tool gave, and whether that was an error: its own span says, else what the model was told."""
    failed = span is not None and (span.status == "error" or span.attributes.get("error.type") is not None)
    if span and failed:
        return {"error": span.message or answered or span.attributes.get("error.type")}
    result = structured(structured(span.attributes.get("gen_ai.tool.call.result"))) if span else None
    return {"result": result if result is not None else answered}


def _tool_id(span: SpanRecord) -> str:
    return words(span.attributes.get("gen_ai.tool.call.id")) or span.key


def _agent(call: TracedCall, span: SpanRecord) -> str | None:
    lineage = (span, *call.ancestors(span))
    return next((name for one in lineage if (name := words(one.attributes.get("gen_ai.agent.name")))), None)


def _delegations(call: TracedCall) -> Iterator[Handoff]:
    """One agent run inside another works behind it."""
    for position, span in enumerate(one for one in call.spans if one.attributes.get(OPERATION) == "invoke_agent"):
        parent = call.parent(span)
        outer, inner = _agent(call, parent) if parent else None, words(span.attributes.get("gen_ai.agent.name"))
        if outer and inner and outer != inner:
            at_ms = call.ms(span.start_ns)
            yield Handoff(
                id=span.key, position=position, from_agent=outer, to_agent=inner, at_ms=at_ms, kind="delegation"
            )


def _wraps(call: TracedCall, span: SpanRecord) -> bool:
    return any(below.attributes.get(OPERATION) in MODEL_CALLS for below in call.descendants(span))


def _models(spans: Sequence[SpanRecord]) -> dict[str, Any]:
    found = {str(kind_of(span)): model_of(span) for span in reversed(spans)}
    return {kind: model for kind, model in found.items() if model}


def _prompt(call: TracedCall, exchanges: Sequence[Exchange]) -> PromptVersion | None:
    told = next((one for one in reversed(exchanges) if one.instructions or one.tools), None)
    name, version = call.said("gen_ai.prompt.name"), call.said(*PROMPT_VERSIONS)
    if told is None and not (name or version):
        return None
    told = told or Exchange()
    return PromptVersion(name=name, version=version, instructions=told.instructions, tools=told.tools or None)


def _is_over(call: TracedCall) -> bool:
    """A workflow's root is the whole call, and so is the root of a trace that belongs to no session."""
    roots = [span for span in call.spans if span.parent_id is None]
    return any(span.attributes.get(OPERATION) == "invoke_workflow" or span.trace_id == call.id for span in roots)
