"""What a `generation` span was given and gave: chat messages, or of a streamed run one whole response object."""

from __future__ import annotations

from typing import Any

from evalhub.traces.formats.genai_messages import Exchange, Message, messages
from evalhub.traces.formats.loose import listing, mapping, structured, words
from evalhub.traces.spans import SpanRecord


def exchange_of(span: SpanRecord) -> Exchange:
    """The messages of a model call; empty where sensitive data is kept back."""
    given = messages(span.attributes.get("input"), "user")
    gave = [one for item in listing(span.attributes.get("output")) for one in _answers(mapping(item))]
    told = [one.text for one in given if one.role in ("system", "developer") and one.text]
    return Exchange(given=given, gave=gave, instructions="\n".join(told) or None)


def _answers(item: dict[str, Any]) -> list[Message]:
    if "output" in item:
        return [_of_response(mapping(part)) for part in listing(item["output"])]
    return messages([item], "assistant")


def _of_response(item: dict[str, Any]) -> Message:
    message = Message("assistant")
    if item.get("type") == "function_call":
        name, arguments = words(item.get("name")) or "unknown", structured(item.get("arguments"))
        message.calls[words(item.get("call_id")) or f"{name} {arguments}"] = (name, arguments)
    for part in map(mapping, listing(item.get("content"))):
        message.text += words(part.get("text")) or ""
    return message
