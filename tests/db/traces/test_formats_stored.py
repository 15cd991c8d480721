"""What a format read is what GET answers: stored and loaded again, a conversation dumps as it did in memory."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from evalhub import plugins
from evalhub.models import Conversation, Project
from evalhub.traces import assembly, queries
from evalhub.traces.formats import native, native_parts, openai_realtime
from evalhub.traces.formats.native_dump import dump
from tests.pure.traces.samples import NATIVE, REALTIME, REPORTS, SAMPLES, example

LOGS = [(path.stem, openai_realtime.parse, path) for path in REALTIME]
TOLD = [(path.stem, plugins.formats()[path.relative_to(SAMPLES).parts[0]].parse, path) for path in REPORTS]
CALLS = [(path.stem, native.parse, path) for path in NATIVE[:6]]


def without_paths(dumped: dict[str, Any]) -> dict[str, Any]:
    """A path says where a recording lay at the sender's; a server forgets it."""
    for recording in dumped.get("recordings", []):
        recording.pop("path", None)
    return dumped


def stored(session: Session, project: Project, *conversations: Conversation) -> Conversation:
    for conversation in conversations:
        assembly.merge(session, project.id, [conversation])
    session.flush()
    session.expunge_all()
    return queries.load_conversation(session, project.id, conversations[-1].id)


@pytest.mark.parametrize(
    ("name", "parse", "path"), [*LOGS, *TOLD, *CALLS], ids=lambda value: value if isinstance(value, str) else ""
)
def test_it_comes_back_as_it_was(session: Session, project: Project, name: str, parse: object, path: Path) -> None:
    first, second = (parse(path.read_bytes(), None).conversations[0] for _ in range(2))  # type: ignore[operator]
    expected = dump(first)
    answered = dump(stored(session, project, first, second))
    assert without_paths(answered) == without_paths(expected)


def test_the_example_comes_back(session: Session, project: Project) -> None:
    conversation = native.parse(example(), None).conversations[0]
    expected = dump(conversation)
    answered = dump(stored(session, project, conversation), state="open")
    assert answered.pop("state") == "open"
    assert without_paths(answered) == without_paths(expected)


def test_an_event_adds_to_what_is_there(session: Session, project: Project) -> None:
    whole = b'{"id": "x", "turns": [{"speaker": "user", "text": "Hi"}, {"speaker": "agent", "text": "Yes"}]}'
    event = b'{"turns": [{"id": "t2", "speaker": "agent", "heard_text": "Ye"}, {"speaker": "user", "text": "Bye"}]}'
    patch = native_parts.parse(native_parts.EVENTS, event, "x").conversations[0]
    found = stored(session, project, native.parse(whole, None).conversations[0], patch)
    assert [(turn.text, turn.heard_text) for turn in found.turns] == [("Hi", None), ("Yes", "Ye"), ("Bye", None)]
