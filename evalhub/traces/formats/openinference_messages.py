"""OpenInference's flattened lists (`llm.input_messages.3.message.content`) as messages.

Source: https://github.com/Arize-ai/openinference, semantic conventions 0.1.42.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from evalhub.traces.formats.genai_messages import LONGEST_ID, Exchange, Message, messages, of_response
from evalhub.traces.formats.loose import listing, mapping, structured, words
from evalhub.traces.spans import SpanRecord

GIVEN, GAVE, TOOLS = "llm.input_messages.", "llm.output_messages.", "llm.tools."
CALL = "tool_call."
MOST = 10_000
"""numbers beyond it are no places in a list"""


def exchange_of(span: SpanRecord) -> Exchange:
    """The messages of a model call; of a sender that does not flatten them, `input.value` and `output.value`."""
    given = [_message(item) for item in _items(span.attributes, GIVEN)]
    gave = [_message(item) for item in _items(span.attributes, GAVE)]
    found = Exchange(
        given=given or messages(span.attributes.get("input.value"), "user"),
        gave=gave or _plain_answer(span),
        tools=[tool for item in _items(span.attributes, TOOLS) if (tool := mapping(item.get("tool.json_schema")))],
    )
    system = [one.text for one in found.given if one.role in ("system", "developer") and one.text]
    found.instructions = "\n".join(system) or None
    return found


def _plain_answer(span: SpanRecord) -> list[Message]:
    """Plain text, chat messages, or the whole response objects of a streamed run."""
    said = structured(span.attributes.get("output.value"))
    if isinstance(said, str):
        return [Message("assistant", said)] if said.strip() else []
    items = [mapping(item) for item in (said if isinstance(said, list) else [said])]
    parts = [mapping(part) for item in items for part in listing(item.get("output"))]
    return [of_response(part) for part in parts] or messages([one for one in items if "role" in one], "assistant")


def _items(attributes: dict[str, Any], prefix: str) -> list[dict[str, Any]]:
    """The rows of a flattened list in numerical order, each with the rest of its names."""
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for name, value in attributes.items():
        if name.startswith(prefix):
            number, _, rest = name[len(prefix) :].partition(".")
            if number.isdecimal() and len(number) < 6 and int(number) < MOST:
                found[int(number)][rest] = value
    return [found[number] for number in sorted(found)]


def _message(item: dict[str, Any]) -> Message:
    message = Message(str(item.get("message.role") or "user"))
    parts = _items(item, "message.contents.")
    texts = [_words_of(part) for part in parts]
    message.text = words(item.get("message.content")) or "".join(texts)
    for number, call in enumerate(_items(item, "message.tool_calls.")):
        name = words(call.get(f"{CALL}function.name")) or "unknown"
        arguments = structured(call.get(f"{CALL}function.arguments", {}))
        id_ = words(call.get(f"{CALL}id")) or f"{number} {name} {arguments}"[:LONGEST_ID]
        message.calls[id_] = (name, arguments)
    if message.role == "tool":
        message.results[str(item.get("message.tool_call_id") or "")] = structured(message.text)
        message.text = ""
    return message


def _words_of(part: dict[str, Any]) -> str:
    """The text of a part; of sound, its transcript."""
    transcript = part.get("message_content.audio.audio.transcript")
    return words(part.get("message_content.text")) or words(transcript) or ""
