"""Entities: found however they are said, and told apart from what only sounds like them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.transcript.entities.comparing import look_for
from evalhub.transcript.entities.finding import entities
from evalhub.transcript.entity_accuracy import EntityAccuracy
from evalhub.transcript.words.normalise import ENGLISH, PLAIN
from tests.factories import make_conversation, make_tool_call, make_turn
from tests.pure.transcript.helpers import evaluate, said, the_score


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It's B five five zero eight one.", ["code b55081"]),
        ("that's A as in alpha, B as in bravo, one two three", ["code ab123"]),
        ("my name is Smith, S-M-I-T-H", ["name smith", "code sm1th"]),
        ("Hello, my name is Nora Whitfield. The zipper broke.", ["name norawhitfield"]),
        ("Ruth Keller here. Shall I hold?", ["name ruthkeller"]),
        ("I paid $49.90 on March 3rd", ["amount 49.9 dollar", "date 3-3"]),
        ("forty-nine dollars and ninety cents", ["amount 49.9 dollar"]),
        ("2026-11-03, or March 3, 2026, or the third of March", ["date 11-3-2026", "date 3-3", "date 3-3-2026"]),
        ("Tuesday at ten fifteen am", ["date 1015am", "date tuesday"]),
        ("The first one, please, in two days.", ["number 2"]),
        ("Can I do that on a monday?", ["date monday"]),
        ("It's a tent for two. May I return it?", ["number 2"]),
        ("May 2 or the second of May", ["date 5-2", "date 5-2"]),
        ("nothing of the kind", []),
        ("M as in Mary, or November Mike", []),
        ("Write to Anna@example.com", ["code annaatexamp1ed0tc0m"]),
    ],
)
def test_entities_are_found_however_they_are_said(text: str, found: list[str]) -> None:
    assert sorted(f"{one.kind} {one.key}" for one in entities(text, ENGLISH)) == sorted(found)


def right(reference: str, heard: str) -> list[bool]:
    return [one.right for one in look_for(entities(reference, ENGLISH), heard, ENGLISH)]


@pytest.mark.parametrize(
    ("reference", "heard"),
    [
        ("one fifty", "150"),
        ("150", "one hundred fifty"),
        ("A as in alpha, one two three four", "a1234"),
        ("A1234", "a 12 34"),
        ("$49.90", "forty nine ninety"),
        ("fifty dollars", "$50.00"),
        ("March 3rd", "the third of march 2026"),
        ("8:30 am", "at eight thirty"),
        ("My name is Mary Ann", "my name is maryann"),
        ("O-L-I-V-E-R", "o l i v e r"),
        ("double five three", "553"),
        ("forty nine ninety", "$49.90"),
        ("five fifty", "5.50"),
        ("half past eight", "8:30"),
        ("a quarter to one", "12:45"),
        ("eight thirty in the morning", "8:30 AM"),
        ("four o'clock", "4:00"),
        ("noon on Tuesday", "12 pm on tuesday"),
        ("zed nine one two", "Z912"),
        ("it's john dot smith at example dot co dot uk", "john.smith@example.co.uk"),
        ("John.Smith@my-shop.example", "john dot smith at my dash shop dot example"),
        ("M as in Mary, I, L, L", "MILL"),
        ("Alpha Bravo one two three", "AB123"),
        ("I like 12 of them", "i like twelve of them"),
    ],
)
def test_the_same_said_otherwise_is_right(reference: str, heard: str) -> None:
    assert set(right(reference, heard)) == {True}


@pytest.mark.parametrize(
    ("reference", "heard"),
    [
        ("one fifty", "one fifteen"),
        ("A1234", "a1243"),
        ("fifty dollars", "fifty euros"),
        ("March 3rd", "may 3rd"),
        ("March 3rd 2026", "march 3rd 2025"),
        ("8:30 am", "8:30 pm"),
        ("My name is Nora Whitfield", "my name is laura woodfield"),
        ("Tuesday", "thursday"),
        ("half past eight", "8:15"),
        ("noon", "12 am"),
        ("fifty five", "5.5"),
        ("john dot smith at example dot com", "johnsmith@example.com"),
        ("john@example.com", "john at example dot org"),
        ("12345 and 12345", "12345"),
    ],
)
def test_what_only_sounds_alike_is_wrong(reference: str, heard: str) -> None:
    assert False in right(reference, heard)


@given(st.integers(2, 10**6), st.sampled_from(["{}", "number {} please", "it is {}, I think", "{} dollars"]))
def test_a_number_is_found_in_itself_and_not_in_the_next(number: int, frame: str) -> None:
    text = frame.format(number)
    assert right(text, text) == [True]
    assert right(text, frame.format(number + 1)) == [False]


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_can_be_looked_at(reference: str, heard: str) -> None:
    for normaliser in (ENGLISH, PLAIN):
        looked = look_for(entities(reference, normaliser), reference + " " + heard, normaliser)
        assert all(isinstance(one.right, bool) for one in looked)


def test_other_languages_have_codes_and_numbers() -> None:
    found = entities("Mein Name ist Frau Weber, Nummer 4711, Code AB1234.", PLAIN)
    assert sorted(f"{one.kind} {one.key}" for one in found) == ["code ab1234", "number 4711"]


def caller(text: str, reference: str) -> Any:
    return make_turn(id="t1", speaker="caller", text=text, reference_text=reference)


def test_the_callers_side_counts_what_was_understood_and_tells_what_became_of_the_rest() -> None:
    turn = caller("it's laura woodfield, order A12346, twenty dollars", "It's Nora Whitfield, order A12345, $20.")
    outcome = evaluate(EntityAccuracy(), make_conversation(turns=[turn]))
    score = the_score(outcome, "entity_accuracy.caller")
    assert score.value == pytest.approx(1 / 3)
    assert score.counts["kinds"] == {"amount": [1, 1], "code": [0, 1], "name": [0, 1]}
    assert "'A12345' became 'a12346'" in (score.explanation or "")
    assert [place["turn_id"] for place in score.evidence] == ["t1"]
    assert the_score(outcome, "entity_accuracy.caller", "t1").value == score.value
    agent = the_score(outcome, "entity_accuracy.agent")
    assert (agent.value, agent.reason) == (None, "not measurable: no tool and no heard_text tells")


def agent_said(text: str, **more: Any) -> Any:
    turn = make_turn(id="t1", start_ms=5000, end_ms=9000, text=text, **more)
    result = {"order_id": "A12345", "refund": 49.9, "ships": "2026-03-03"}
    call = make_tool_call(result=result, start_ms=1000, end_ms=2000)
    return evaluate(EntityAccuracy(), make_conversation(turns=[turn], tool_calls=[call]))


def test_the_agents_side_is_held_against_what_its_tools_know() -> None:
    outcome = agent_said("Order A12346: forty nine ninety back, it ships on March third. Seven days.")
    score = the_score(outcome, "entity_accuracy.agent")
    assert "'A12346' was said, the tools know 'A12345'" in (score.explanation or "")
    assert score.counts["kinds"]["code"] == [0, 1]
    assert score.counts["kinds"]["date"] == [1, 1]
    assert score.counts["unverified"] >= 1  # seven days: no tool tells


def test_what_an_interruption_cut_off_is_counted_apart() -> None:
    cut = agent_said("Your order A12345 ships on March third.", heard_text="Your order A12345", interrupted=True)
    score = the_score(cut, "entity_accuracy.agent")
    assert (score.value, score.counts["cut_off"]) == (1.0, 1)
    garbled = agent_said("Your order A12345.", heard_text="Your order A 1 2 3 9 5.")
    assert the_score(garbled, "entity_accuracy.agent").value == 0.0


def test_a_side_transcript_is_not_what_the_model_heard() -> None:
    conversation = make_conversation(turns=[caller("A1", "A12345")], architecture="speech_to_speech")
    outcome = evaluate(EntityAccuracy(), conversation)
    assert (outcome.status, outcome.reason_code) == ("skipped", "nothing_to_compare")
    assert "side transcript" in (outcome.reason or "")
    assert evaluate(EntityAccuracy(), make_conversation(turns=said("caller: A12345"))).status == "skipped"
