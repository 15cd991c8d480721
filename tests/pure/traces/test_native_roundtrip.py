"""Whatever conversation can be built comes back from its own dump unchanged."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from evalhub.traces.formats import native
from evalhub.traces.formats.native_dump import dump
from tests.pure.traces.samples import facts

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
IDS = st.text("abc123-_:/", min_size=1, max_size=8).filter(lambda text: text not in (".", ".."))
MS = st.integers(0, 600_000)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(WORDS, JSON, max_size=3)
SPEAKERS = st.sampled_from(["caller", "agent", "user", "assistant"])


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


def items(required: dict[str, Any], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    one = st.fixed_dictionaries(required, optional={"id": IDS} | optional)
    return st.lists(one, max_size=4, unique_by=lambda item: item.get("id", id(item)))


CONVERSATIONS = st.fixed_dictionaries(
    {"id": IDS},
    optional={
        "started_at": st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
        "origin": st.sampled_from(["production", "simulation", "upload"]),
        "tags": st.lists(WORDS, max_size=3),
        "metadata": OBJECTS,
        "agent": some(name=WORDS, version=WORDS, models=st.dictionaries(WORDS, WORDS, max_size=2)),
        "prompt": some(instructions=WORDS, voice_style=OBJECTS, stages=st.lists(some(id=IDS, required=st.booleans()))),
        "turns": items({"speaker": SPEAKERS}, text=WORDS, start_ms=MS, interrupted=st.booleans(), extra=OBJECTS),
        "tool_calls": items({"name": WORDS}, arguments=JSON, result=JSON, error=JSON, start_ms=MS),
        "handoffs": items({}, to=WORDS, at_ms=MS, **{"from": WORDS}),
        "usage": items({"meter": WORDS, "quantity": st.floats(0, 1e9)}, model=WORDS),
        "feedback": items({"name": WORDS}, value=JSON, scale=st.lists(st.integers(), max_size=2)),
        "voiced": st.dictionaries(SPEAKERS, st.lists(st.tuples(MS, MS).map(sorted), max_size=3), max_size=2),
        "spans": st.lists(some(trace_id=IDS, attributes=OBJECTS).map(lambda span: span | {"name": "x"}), max_size=3),
        "outcome": some(resolved=st.booleans(), transferred_to=st.none() | WORDS),
        "end_state": OBJECTS,
        "unheard_of": JSON,
    },
)


@given(CONVERSATIONS)
def test_a_dump_is_read_back_as_the_same_conversation(body: dict[str, Any]) -> None:
    [first] = native.parse(json.dumps(body).encode(), None).conversations
    dumped = json.dumps(dump(first))
    [second] = native.parse(dumped.encode(), None).conversations
    assert facts(second) == facts(first)
    assert dump(second) == json.loads(dumped)
