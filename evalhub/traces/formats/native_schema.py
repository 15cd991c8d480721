"""The objects of the native format (docs/native-format.md, section 1), field by field.

Attributes are called as in `evalhub.models`; where JSON spells one otherwise, its alias is the JSON name. Unknown
fields are let through, to be found and reported by `native_faults`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from evalhub.traces.formats import native_fields as f

MAX_ITEMS = 100_000

Object = dict[str, Any]


class Known(BaseModel):
    """An object of which we know the fields."""

    model_config = ConfigDict(extra="allow", strict=True, protected_namespaces=())


class Item(Known):
    """A thing in one of the lists, merged by its id. `extra` holds what a wire format knows beyond this one."""

    id: f.Id | None = None
    extra: Object | None = None


class Timed(Known):
    """A thing that takes time."""

    start_ms: f.Ms | None = None
    end_ms: f.Ms | None = None

    @field_validator("end_ms")
    @classmethod
    def ends_after_start(cls, end_ms: int | None, info: ValidationInfo) -> int | None:
        start_ms = info.data.get("start_ms")
        if start_ms is not None and end_ms is not None and end_ms < start_ms:
            raise PydanticCustomError("expected", f"start_ms ({start_ms}) or later")
        return end_ms


class Turn(Item, Timed):
    speaker: f.Speaker
    agent_name: f.Name | None = None
    text: f.Text | None = None
    heard_text: f.Text | None = None
    reference_text: f.Text | None = None
    kind: f.TurnKind | None = None
    kind_source: f.Name | None = None
    interrupted: f.Flag | None = None


class ToolCall(Item, Timed):
    name: f.Name
    turn_id: f.Id | None = None
    agent_name: f.Name | None = None
    arguments: Any = None
    result: Any = None
    error: Any = None
    status: f.Name | None = None


class Handoff(Item):
    from_agent: f.Name | None = Field(default=None, alias="from")
    to_agent: f.Name | None = Field(default=None, alias="to")
    at_ms: f.Ms | None = None
    kind: f.HandoffKind | None = None
    summary: f.Text | None = None


class GuardrailTrip(Item):
    name: f.Name
    turn_id: f.Id | None = None
    at_ms: f.Ms | None = None
    generated_chars: f.Count | None = None
    verdict_ms: f.Ms | None = None
    text: f.Text | None = None


class StageTiming(Item):
    stage: f.Stage
    ms: f.Quantity
    turn_id: f.Id | None = None


class Usage(Item):
    meter: f.Name
    quantity: f.Quantity
    model: f.Name | None = None
    turn_id: f.Id | None = None


class Feedback(Item):
    name: f.Name
    value: Any = None
    scale: Annotated[list[Any], Field(max_length=100)] | None = None
    comment: f.Text | None = None


class Span(Timed):
    name: f.Text
    span_id: f.SpanId | None = None
    extra: Object | None = None
    trace_id: f.SpanId | None = None
    parent_id: f.SpanId | None = None
    kind: f.Name | None = None
    status: f.Name | None = None
    attributes: Object | None = None
    events: list[Any] | None = None


class Recording(Known):
    track: f.Track
    channels: Annotated[list[f.Channel], Field(max_length=16)] | None = None
    path: f.Path | None = None
    offset_ms: f.Ms | None = None
    declared_rate: f.Rate | None = Field(default=None, alias="rate")
    declared_encoding: f.Name | None = Field(default=None, alias="encoding")


class Agent(Known):
    name: f.Name | None = None
    version: f.Name | None = None
    architecture: f.Architecture | None = None
    models: dict[str, f.Name | None] | None = None
    voice: f.Name | None = None


class PromptStage(Known):
    id: f.Id | None = None
    description: f.Text | None = None
    instructions: f.Text | None = None
    required: f.Flag | None = None


class PromptTool(Known):
    name: f.Name | None = None
    description: f.Text | None = None
    parameters: Object | None = None
    type: f.Name | None = None
    strict: f.Flag | None = None
    function: Object | None = None


class Prompt(Known):
    name: f.Name | None = None
    version: f.Name | None = None
    instructions: f.Text | None = None
    voice_style: Object | None = None
    stages: Annotated[list[PromptStage], Field(max_length=1_000)] | None = None
    tools: Annotated[list[PromptTool], Field(max_length=1_000)] | None = None


class Guardrail(Known):
    name: f.Name | None = None
    every_chars: f.Count | None = None
    mode: f.Name | None = None


class Outcome(Known):
    resolved: f.Flag | None = None
    ended_by: f.Name | None = None
    transferred_to: f.Name | None = None
    reason: f.Text | None = None


class Events(Known):
    """Any part of a conversation: the body of `.../events`, and all of a conversation but its id."""

    started_at: f.Time | None = None
    ended_at: f.Time | None = None
    origin: f.Origin | None = None
    channel: f.Medium | None = None
    language: f.Name | None = None
    tags: Annotated[list[f.Name], Field(max_length=1_000)] | None = None
    user_id: f.Name | None = None
    metadata: Object | None = None
    agent: Agent | None = None
    prompt: Prompt | None = None
    turns: Annotated[list[Turn], Field(max_length=MAX_ITEMS)] | None = None
    tool_calls: Annotated[list[ToolCall], Field(max_length=MAX_ITEMS)] | None = None
    handoffs: Annotated[list[Handoff], Field(max_length=MAX_ITEMS)] | None = None
    guardrails: Annotated[list[Guardrail], Field(max_length=1_000)] | None = None
    guardrail_trips: Annotated[list[GuardrailTrip], Field(max_length=MAX_ITEMS)] | None = None
    stage_timings: Annotated[list[StageTiming], Field(max_length=MAX_ITEMS)] | None = None
    usage: Annotated[list[Usage], Field(max_length=MAX_ITEMS)] | None = None
    recordings: Annotated[list[Recording], Field(max_length=16)] | None = None
    voiced: dict[f.Speaker, list[f.Interval]] | None = None
    spans: Annotated[list[Span], Field(max_length=MAX_ITEMS)] | None = None
    end_state: Object | None = None
    outcome: Outcome | None = None
    expectations: Any = None
    feedback: Annotated[list[Feedback], Field(max_length=MAX_ITEMS)] | None = None
    state: Any = Field(default=None, exclude=True)
    """in what GET answers; what is sent does not set it"""

    @field_validator("ended_at")
    @classmethod
    def ends_after_start(cls, ended_at: Any, info: ValidationInfo) -> Any:
        started_at = info.data.get("started_at")
        if started_at is not None and ended_at is not None and ended_at < started_at:
            raise PydanticCustomError("expected", "started_at or later")
        return ended_at


class Conversation(Events):
    id: f.Id
