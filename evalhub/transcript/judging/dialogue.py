"""A conversation as the items that Responses and Decisions take: messages by role, function calls and their outputs.

Each message holds the JSON of its item, so that turn ids can be quoted and nothing said in a call passes for anything
else. Only the agent's turns have the assistant's role; every other piece of recorded data is the user's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from evalhub.evaluators import digest
from evalhub.transcript.judging.items import Item

LONGEST_ID = 64
NO_OUTPUT = "(its output is among what was left out)"


def dialogue(about: str, items: Sequence[Item]) -> Iterator[dict[str, Any]]:
    """The recorded data: what the agent is, then what happened. Every output follows a call of its id, as both ask."""
    called = {item.data["function_call"] for item in items if item.kind == "call"}
    answered = {item.data["function_output_of"] for item in items if item.kind == "output"}
    yield {"role": "user", "content": about}
    for item in items:
        if item.kind == "call":
            yield _call(item)
            if item.data["function_call"] not in answered:
                yield _output(item.data["function_call"], NO_OUTPUT)
        elif item.kind == "output" and item.data["function_output_of"] in called:
            yield _output(item.data["function_output_of"], item.text)
        else:
            yield {"role": "assistant" if item.data.get("speaker") == "agent" else "user", "content": item.text}


def shown_id(given: str) -> str:
    """A function call's id as these endpoints allow it: 64 characters at most."""
    return given if len(given) <= LONGEST_ID else digest(given)


def _call(item: Item) -> dict[str, Any]:
    return {
        "type": "function_call",
        "call_id": shown_id(item.data["function_call"]),
        "name": re.sub(r"[^a-zA-Z0-9_-]", "_", item.data["name"])[:LONGEST_ID] or "_",
        "arguments": json.dumps(item.data.get("arguments") or {}, ensure_ascii=False, default=str),
    }


def _output(call_id: str, text: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": shown_id(call_id), "output": text}
