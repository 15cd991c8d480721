"""What a model call was given and gave, wherever GenAI instrumentation puts it.

The same messages may be in attributes of the span, in one log record of it, in one record a message (older), or in
`gen_ai.prompt` and `gen_ai.completion` (very old). The first place that has any is read.
Source: OpenTelemetry semantic conventions for generative AI, 1.27 to 1.39.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from evalhub.traces.formats.loose import listing, mapping, structured, words
from evalhub.traces.spans import SpanRecord, TracedCall

DETAILS = "gen_ai.client.inference.operation.details"
LONGEST_ID = 255
CHOICE = "gen_ai.choice"
OLD_EVENTS = {f"gen_ai.{role}.message": role for role in ("system", "user", "assistant", "tool")}


@dataclass
class Message:
    """One message: its words, the tools it asks for by id, and the tool results it brings by id."""

    role: str
    text: str = ""
    calls: dict[str, tuple[str, Any]] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)


@dataclass
class Exchange:
    """The messages of one model call."""

    given: list[Message] = field(default_factory=list)
    gave: list[Message] = field(default_factory=list)
    instructions: str | None = None
    tools: list[dict[str, Any]] = field(default_factory=list)

    @property
    def said(self) -> str:
        """The text of the answer."""
        return "\n".join(one.text for one in self.gave if one.text)


def exchange_of(call: TracedCall, span: SpanRecord) -> Exchange:
    """The messages of a model call; empty where its sender keeps content back."""
    logs = call.logs_of(span)
    details = [log.attributes for log in logs if log.name == DETAILS]
    places = [span.attributes, *details]
    found = Exchange(
        given=_first_messages(places, "gen_ai.input.messages", "gen_ai.prompt", role="user"),
        gave=_first_messages(places, "gen_ai.output.messages", "gen_ai.completion", role="assistant"),
        tools=[tool for item in _first_list(places, "gen_ai.tool.definitions") if (tool := mapping(item))],
    )
    found.given = found.given or [m for log in logs if (m := _old(log.name, log.body))]
    found.gave = found.gave or [m for log in logs if log.name == CHOICE and (m := _choice(log.body))]
    system = [one.text for one in found.given if one.role in ("system", "developer") and one.text]
    parts = (_text(mapping(part)) for part in _first_list(places, "gen_ai.system_instructions"))
    found.instructions = "\n".join(filter(None, parts)) or "\n".join(system) or None
    return found


def _first_list(places: Iterable[dict[str, Any]], name: str) -> list[Any]:
    return next((found for place in places if (found := listing(place.get(name)))), [])


def _first_messages(places: Iterable[dict[str, Any]], *names: str, role: str) -> list[Message]:
    for place in places:
        for name in names:
            if found := messages(place.get(name), role):
                return found
    return []


def messages(value: Any, role: str) -> list[Message]:
    """Messages in JSON or as text of it; plain text is one message of this role."""
    found = structured(value)
    if isinstance(found, str):
        return [Message(role, found)] if found.strip() else []
    return [_message(mapping(item), role) for item in listing(found) if mapping(item)]


def _message(item: dict[str, Any], role: str) -> Message:
    """A message of parts, or of `content` and `tool_calls` as model services write it."""
    message = Message(str(item.get("role") or role))
    for part in map(mapping, listing(item.get("parts"))):
        match part.get("type"):
            case "tool_call":
                _ask(message, part, part)
            case "tool_call_response":
                result = part.get("response", part.get("result"))
                message.results[str(part.get("id") or "")] = structured(result)
            case _:
                message.text += _text(part)
    return message if "parts" in item else _plain(item, message)


def _plain(item: dict[str, Any], message: Message) -> Message:
    content = item.get("content")
    parts = content if isinstance(content, list) else [content]
    text = "".join(part if isinstance(part, str) else _text(mapping(part)) for part in parts)
    for asked in map(mapping, listing(item.get("tool_calls"))):
        _ask(message, asked, mapping(asked.get("function")) or asked)
    if message.role == "tool":
        message.results[str(item.get("id") or item.get("tool_call_id") or "")] = structured(text)
    else:
        message.text = text
    return message


def _ask(message: Message, asked: dict[str, Any], function: dict[str, Any]) -> None:
    """A call without an id is known by what it asks for."""
    name, arguments = str(function.get("name")), structured(function.get("arguments"))
    message.calls[words(asked.get("id")) or f"{name} {arguments}"[:LONGEST_ID]] = (name, arguments)


def _old(name: str, body: Any) -> Message | None:
    role = OLD_EVENTS.get(name)
    return _message(mapping(body), role) if role and mapping(body) else None


def _choice(body: Any) -> Message | None:
    found = mapping(mapping(body).get("message"))
    return _message(found, "assistant") if found else None


def _text(part: dict[str, Any]) -> str:
    return words(part.get("content")) or words(part.get("text")) or ""


def of_response(item: dict[str, Any]) -> Message:
    """One item of a response object's `output`: words, or a function call."""
    message = Message("assistant")
    if item.get("type") == "function_call":
        name, arguments = words(item.get("name")) or "unknown", structured(item.get("arguments"))
        message.calls[words(item.get("call_id")) or f"{name} {arguments}"[:LONGEST_ID]] = (name, arguments)
    message.text = "".join(words(mapping(part).get("text")) or "" for part in listing(item.get("content")))
    return message
