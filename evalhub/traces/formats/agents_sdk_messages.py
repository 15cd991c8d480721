"""What a `generation` span was given and gave: chat messages, or of a streamed run one whole response object."""

from __future__ import annotations

from typing import Any

from evalhub.traces.formats.genai_messages import Exchange, Message, messages, of_response
from evalhub.traces.formats.loose import listing, mapping
from evalhub.traces.spans import SpanRecord


def exchange_of(span: SpanRecord) -> Exchange:
    """The messages of a model call; empty where sensitive data is kept back."""
    given = messages(span.attributes.get("input"), "user")
    gave = [one for item in listing(span.attributes.get("output")) for one in _answers(mapping(item))]
    told = [one.text for one in given if one.role in ("system", "developer") and one.text]
    return Exchange(given=given, gave=gave, instructions="\n".join(told) or None)


def _answers(item: dict[str, Any]) -> list[Message]:
    if "output" in item:
        return [of_response(mapping(part)) for part in listing(item["output"])]
    return messages([item], "assistant")
