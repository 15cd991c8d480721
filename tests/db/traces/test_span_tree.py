"""The tree of spans, a level at a time, for traced calls and for those of the native format."""

import pytest
from sqlalchemy.orm import Session

from evalhub.errors import NotFound
from evalhub.models import Project, Span
from evalhub.services import Services
from evalhub.traces import assembly, queries, span_tree
from evalhub.traces.formats.native_dump import dump
from tests.db.traces.sending import OTHER, TRACE, keyed, send, span
from tests.factories import make_conversation


@pytest.fixture
def call(services: Services, session: Session, project: Project) -> str:
    """A root with two children, one of which has a child; and one whose parent never came."""
    spans = [span(0, **keyed("call-1")), span(1), span(2), span(3, parent=2), span(5, parent=4)]
    send(services, project, *spans)
    return "call-1"


def names(session: Session, project: Project, call: str, under: int | None = None) -> list[tuple[str, int]]:
    parent = f"{TRACE}:{under + 1:016x}" if under is not None else None
    found = span_tree.level(session, project.id, call, under=parent)
    return [(step.name, step.children) for step in found.steps]


def test_levels(session: Session, project: Project, call: str) -> None:
    assert names(session, project, call) == [("step 0", 2), ("step 5", 0)]
    assert names(session, project, call, under=0) == [("step 1", 0), ("step 2", 1)]
    assert names(session, project, call, under=2) == [("step 3", 0)]


def test_where_in_the_call_a_span_lies(session: Session, project: Project, call: str) -> None:
    last = span_tree.level(session, project.id, call, under=None).steps[-1]
    assert (last.start_ms, last.end_ms, last.took_ms) == (5000, 6000, 1000)
    assert last.share == pytest.approx((5 / 6, 1 / 6))


def test_a_long_level_comes_in_pages(
    services: Services, session: Session, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(span_tree, "PAGE", 3)
    send(services, project, span(0, **keyed("call-1")), *(span(number) for number in range(1, 8)))
    parent, seen, offset = f"{TRACE}:{1:016x}", list[str](), 0
    while offset is not None:
        page = span_tree.level(session, project.id, "call-1", under=parent, offset=offset)
        seen += [step.name for step in page.steps]
        offset = page.next
    assert seen == [f"step {number}" for number in range(1, 8)]


def test_spans_of_the_native_format_have_no_trace(session: Session, project: Project) -> None:
    rows = [
        Span(id="a", span_id="a", name="call", start_ms=0, end_ms=900),
        Span(id="b", span_id="b", parent_id="a", name="llm", start_ms=100, end_ms=400),
    ]
    assembly.merge(session, project.id, [make_conversation(spans=rows)])
    session.flush()
    [root] = span_tree.level(session, project.id, make_conversation().id, under=None).steps
    assert (root.name, root.children, root.took_ms) == ("call", 1, 900)
    assert span_tree.details(session, project.id, make_conversation().id, "b").span.parent_id == "a"


def test_a_span_of_another_call_is_not_there(session: Session, project: Project, call: str) -> None:
    with pytest.raises(NotFound):
        span_tree.details(session, project.id, call, f"{OTHER}:{1:016x}")


def test_a_call_is_found_by_the_id_of_its_trace(session: Session, project: Project, call: str) -> None:
    assert queries.load_conversation(session, project.id, TRACE).id == call


def test_traced_spans_are_given_back_on_the_calls_clock(session: Session, project: Project, call: str) -> None:
    given = dump(queries.load_conversation(session, project.id, call))["spans"]
    assert {one["name"]: (one["start_ms"], one["end_ms"]) for one in given}["step 3"] == (3000, 4000)
