"""Merging: the latest value wins, what is left out erases nothing, lists merge by id, twice changes nothing."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from evalhub.models import Conversation, Project, PromptVersion, Turn
from evalhub.traces import assembly
from tests.factories import make_conversation, make_tool_call, make_turn


def stored(session: Session, project: Project) -> Conversation:
    session.flush()
    parts = [selectinload(Conversation.turns), selectinload(Conversation.tool_calls)]
    query = select(Conversation).options(*parts).execution_options(populate_existing=True)
    return session.scalars(query.filter_by(project_id=project.id)).one()


def test_what_is_left_out_erases_nothing(session: Session, project: Project) -> None:
    assembly.merge(session, project.id, [make_conversation(language="en-US", user_id="u-7")])
    assembly.merge(session, project.id, [make_conversation(language=None, user_id="u-8")])
    found = stored(session, project)
    assert (found.language, found.user_id) == ("en-US", "u-8")


def test_turns_merge_by_id(session: Session, project: Project) -> None:
    assembly.merge(session, project.id, [make_conversation(turns=[make_turn(id="t1"), make_turn(id="t2", text="One")])])
    later = make_turn(id="t2", text=None, heard_text="On", interrupted=True)
    assembly.merge(session, project.id, [make_conversation(turns=[later])])
    found = stored(session, project)
    assert [(turn.id, turn.text, turn.heard_text) for turn in found.turns][1] == ("t2", "One", "On")


def test_twice_is_once(session: Session, project: Project) -> None:
    for _ in range(2):
        assembly.merge(session, project.id, [make_conversation(turns=[make_turn()], tool_calls=[make_tool_call()])])
    found = stored(session, project)
    assert (len(found.turns), len(found.tool_calls)) == (1, 1)


def test_objects_merge_key_by_key(session: Session, project: Project) -> None:
    assembly.merge(
        session, project.id, [make_conversation(meta={"store": "denver", "n": 1}, outcome={"resolved": True})]
    )
    assembly.merge(session, project.id, [make_conversation(meta={"n": 2}, outcome={"reason": "done"})])
    found = stored(session, project)
    assert found.meta == {"store": "denver", "n": 2}
    assert found.outcome == {"resolved": True, "reason": "done"}


def test_what_comes_before_the_conversation_waits_for_it(session: Session, project: Project) -> None:
    assembly.stub(session, project.id, "call-1")
    assert stored(session, project).state == "received"
    assembly.merge(session, project.id, [make_conversation()])
    assert stored(session, project).state == "open"


def test_two_projects_may_use_the_same_id(session: Session, project: Project) -> None:
    other = Project(slug="other", name="Other")
    session.add(other)
    session.flush()
    for owner in (project, other):
        assembly.merge(session, owner.id, [make_conversation(turns=[make_turn(text=owner.name)])])
    assert session.scalar(select(func.count()).select_from(Turn)) == 2


def test_a_prompt_is_stored_once(session: Session, project: Project) -> None:
    for call in ("a", "b"):
        prompt = PromptVersion(name="returns-desk", version="7", instructions="You handle returns.")
        assembly.merge(session, project.id, [make_conversation(id=call, prompt=prompt)])
    assert session.scalar(select(func.count()).select_from(PromptVersion)) == 1
    assert len(set(session.scalars(select(Conversation.prompt_id)))) == 1


def test_unknown_fields_merge_too(session: Session, project: Project) -> None:
    assembly.merge(session, project.id, [make_conversation(meta={"extra": {"a": 1}, "n": 1})])
    assembly.merge(session, project.id, [make_conversation(meta={"extra": {"b": 2}})])
    assert stored(session, project).meta == {"extra": {"a": 1, "b": 2}, "n": 1}


def test_a_warning_is_kept_once(session: Session, project: Project) -> None:
    odd = [{"path": "x", "message": "unknown field `x`"}]
    for warnings in (odd, odd, [{"path": "y", "message": "unknown field `y`"}]):
        assembly.merge(session, project.id, [make_conversation(warnings=warnings)])
    assert [warning["path"] for warning in stored(session, project).warnings or []] == ["x", "y"]


def test_a_part_that_is_told_again_keeps_its_place(session: Session, project: Project) -> None:
    assembly.merge(session, project.id, [make_conversation(turns=[make_turn(start_ms=None, position=3)])])
    assembly.merge(session, project.id, [make_conversation(turns=[make_turn(start_ms=None, position=1 << 40)])])
    assert stored(session, project).turns[0].position == 3
