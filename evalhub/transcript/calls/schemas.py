"""Arguments against the parameters that the prompt declared for a tool. The one door to jsonschema.

Tool parameters are JSON Schema as frameworks generate it ($defs, anyOf, enum, ...), too much to check by hand. Schemas
come from clients: nothing they refer to is fetched, and their patterns run guarded (evalhub/patterns.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from evalhub.models import PromptVersion, ToolCall
from evalhub.patterns import TooSlow, fault_of, found_in

MOST_FAULTS = 3


def declared_tools(prompt: PromptVersion | None) -> dict[str, Any]:
    """Parameters by tool name; tools may be wrapped as {"type": "function", "function": {...}}."""
    tools = (prompt.tools or []) if prompt else []
    plain = [tool.get("function", tool) for tool in tools if isinstance(tool, dict)]
    named = [tool for tool in plain if isinstance(tool, dict) and isinstance(tool.get("name"), str)]
    return {tool["name"]: tool.get("parameters") for tool in named}


def schema_faults(call: ToolCall, tools: dict[str, Any]) -> list[str]:
    """What is wrong with a call according to the declared tools; an empty list where nothing is."""
    if call.name not in tools:
        return [f"{call.name}: the prompt declares no such tool"]
    if isinstance(call.arguments, str):
        return [f"{call.name}: the arguments are not valid JSON: {call.arguments[:80]!r}"]
    if not isinstance(tools[call.name], dict):
        return []
    arguments = {} if call.arguments is None else call.arguments
    return [f"{call.name}: {fault}" for fault in _faults(arguments, tools[call.name])][:MOST_FAULTS]


def _faults(arguments: Any, schema: dict[str, Any]) -> Iterator[str]:
    from jsonschema import SchemaError  # type: ignore[import-untyped]
    from referencing.exceptions import Unresolvable

    kind, registry = _validator()
    try:
        kind.check_schema(schema)
        errors = list(kind(_guarded(schema), registry=registry).iter_errors(arguments))
    except (SchemaError, Unresolvable, RecursionError) as error:
        yield f"its declared parameters cannot be read: {str(error).splitlines()[0]}"
        return
    for found in errors:
        yield f"{found.json_path.removeprefix('$.')}: {found.message}" if found.path else found.message


def _guarded(schema: Any) -> Any:
    """A schema without `patternProperties`, the one keyword whose patterns would run unguarded."""
    if isinstance(schema, list):
        return [_guarded(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    unsafe = {"patternProperties", "additionalProperties"} if "patternProperties" in schema else set()
    return {name: _guarded(item) for name, item in schema.items() if name not in unsafe}


@cache
def _validator() -> tuple[Any, Any]:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend  # type: ignore[import-untyped]
    from referencing import Registry

    return extend(Draft202012Validator, {"pattern": _pattern}), Registry()


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:  # noqa: ARG001
    from jsonschema import ValidationError

    if not isinstance(instance, str) or fault_of(pattern):
        return
    try:
        if not found_in(pattern, instance):
            yield ValidationError(f"{instance!r} does not match {pattern!r}")
    except TooSlow as slow:
        yield ValidationError(str(slow))
