"""What becomes of a caller's turn, in cases worked out by hand."""

from typing import Any

import pytest

from evalhub.audio.replies import counts, replies
from evalhub.audio.segments import Segment, merged
from evalhub.audio.talk import Talk


def make_talk(caller: list[tuple[Any, ...]], agent: list[tuple[int, int]], **overrides: Any) -> Talk:
    """Caller stretches may name their kind: (0, 300, "noise")."""
    said = tuple(Segment(start_ms=start, end_ms=end, kind="".join(kind) or "turn") for start, end, *kind in caller)
    answered = tuple(Segment(start_ms=start, end_ms=end) for start, end in agent)
    fields = {"caller": said, "agent": answered, "observed": (0, 60_000), "basis": "events"}
    return Talk(**(fields | overrides))


def outcomes(talk: Talk) -> list[tuple[str, str | None]]:
    return [(reply.outcome, reply.reason) for reply in replies(talk)]


def test_latency_is_from_the_callers_last_sound_to_the_agents_first() -> None:
    [reply] = replies(make_talk([(0, 1000)], [(1700, 3000)]))
    assert (reply.outcome, reply.latency_ms) == ("answered", 700)


def test_a_pause_of_600_ms_does_not_end_the_callers_turn() -> None:
    [reply] = replies(make_talk([(0, 1000), (1600, 2000)], [(2500, 3000)]))
    assert reply.latency_ms == 500


def test_a_caller_who_goes_on_before_any_answer_is_excluded() -> None:
    talk = make_talk([(0, 1000), (1601, 2000)], [(2500, 3000)])
    assert outcomes(talk) == [("excluded", "caller_continued"), ("answered", None)]


def test_an_agent_who_is_speaking_at_the_end_answers_nothing() -> None:
    assert outcomes(make_talk([(0, 1000)], [(900, 2000)])) == [("excluded", "agent_speaking")]


def test_an_agent_who_stops_just_then_was_silent_at_the_end() -> None:
    [reply] = replies(make_talk([(0, 1000)], [(200, 1000), (1501, 2000)]))
    assert reply.latency_ms == 501


@pytest.mark.parametrize(("start", "outcome"), [(5999, "answered"), (6000, "late"), (9000, "late")])
def test_the_deadline_is_five_seconds(start: int, outcome: str) -> None:
    [reply] = replies(make_talk([(0, 1000)], [(start, start + 1000)]))
    assert reply.outcome == outcome


def test_no_answer_is_missed_once_the_deadline_has_passed() -> None:
    assert outcomes(make_talk([(0, 1000)], [], observed=(0, 6000))) == [("missed", None)]
    assert outcomes(make_talk([(0, 1000)], [], observed=(0, 5999))) == [("censored", None)]


def test_a_caller_who_asks_again_after_the_deadline_was_missed() -> None:
    talk = make_talk([(0, 1000), (7000, 7500)], [(8000, 9000)])
    assert outcomes(talk) == [("missed", None), ("answered", None)]


def test_farewells_owe_no_reply_and_backchannels_are_no_turns() -> None:
    talk = make_talk([(0, 300, "backchannel"), (4000, 5000, "farewell")], [(5500, 6000)])
    assert outcomes(talk) == [("excluded", "farewell")]


def test_a_backchannel_before_the_answer_does_not_make_the_caller_go_on() -> None:
    [reply] = replies(make_talk([(0, 1000), (1800, 1900, "noise")], [(2000, 3000)]))
    assert reply.latency_ms == 1000


@pytest.mark.parametrize(("tool", "after"), [((1100, 1500), True), ((0, 900), False), ((900, 1000), True)])
def test_a_tool_between_question_and_answer_is_noted(tool: tuple[int, int], after: bool) -> None:
    [reply] = replies(make_talk([(0, 1000)], [(2000, 3000)], tools=(tool,)))
    assert reply.after_tool is after


def test_counts_tell_the_outcomes_apart() -> None:
    found = counts(replies(make_talk([(0, 1000), (8000, 9000), (20_000, 21_000)], [(9500, 9900), (27_000, 28_000)])))
    assert found == {"n": 1, "missed": 1, "late": 1, "censored": 0, "excluded": {}}


def test_merging_never_joins_kinds() -> None:
    pieces = [
        Segment(start_ms=0, end_ms=1000, turn_ids=("t1",)),
        Segment(start_ms=1100, end_ms=1200, kind="noise"),
        Segment(start_ms=1500, end_ms=2000, turn_ids=("t2",)),
    ]
    assert [(one.interval, one.kind, one.turn_ids) for one in merged(pieces, 600)] == [
        ((0, 2000), "turn", ("t1", "t2")),
        ((1100, 1200), "noise", ()),
    ]
