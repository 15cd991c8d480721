"""Whether the caller agreed before a call, by what was said."""

import pytest

from evalhub.transcript.calls.agreement import agrees, refuses
from evalhub.transcript.calls.consent import consent
from evalhub.transcript.moments import Order
from tests.factories import make_conversation, make_tool_call
from tests.pure.transcript.helpers import said


def agreed(*lines: str, start_ms: int = 60_000, **turn: object) -> bool | None:
    turns = said(*lines)
    for name, value in turn.items():
        setattr(turns[-1], name, value)
    call = make_tool_call(name="delete_order", start_ms=start_ms)
    conversation = make_conversation(turns=turns, tool_calls=[call])
    return consent(conversation, call, Order(conversation)).agreed


ASKED = "agent: Shall I delete order A12345?"


@pytest.mark.parametrize(
    ("text", "language", "yes", "no"),
    [
        ("Yes, by email, please.", "en-US", True, False),
        ("Uh, sure.", "en", True, False),
        ("I'm not sure.", "en", False, True),
        ("Yes, I don't know, wait.", "en", True, True),
        ("Yes, it is not needed any more.", "en", True, False),
        ("That's right.", "en", True, False),
        ("I have to leave right now.", "en", False, False),
        ("No problem, go ahead.", "en", True, False),
        ("Ten fifteen.", "en", False, False),
        ("Ja, gerne.", "de-DE", True, False),
        ("Nein, bitte nicht.", "de", False, True),
        ("Sí, claro.", "es", True, False),
    ],
)
def test_words_of_agreement_and_refusal(text: str, language: str, yes: bool, no: bool) -> None:
    assert (agrees(text, language), refuses(text, language)) == (yes, no)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((ASKED, "caller: Yes."), True),
        ((ASKED, "caller: No, keep it."), False),
        ((ASKED, "caller: Yes.", "agent: Are you sure?", "caller: No, stop."), False),
        ((ASKED, "caller: Yes.", "agent: Which email?", "caller: june at example dot com"), True),
        ((ASKED, "caller: Yes.", "agent: Anything else before I do that?", "caller: No."), True),
        (("caller: Yes, hello.", "agent: I will delete it now."), False),
        ((ASKED, "agent: Done."), False),
        (("agent: Would you like a repair, or would you like to return it?", "caller: A repair, please."), None),
        (("agent: Would you like a repair?", "caller: It is blue."), False),
        (("agent: What is your address?", "caller: My address is 5 Main Street."), False),
    ],
)
def test_the_last_question_that_was_answered_decides(lines: tuple[str, ...], expected: bool | None) -> None:
    assert agreed(*lines) is expected


def test_a_yes_after_the_call_does_not_count() -> None:
    assert agreed(ASKED, "caller: Yes.", start_ms=1500) is False


def test_a_backchannel_is_no_answer() -> None:
    assert agreed(ASKED, "caller: Yes.", kind="backchannel") is False


def test_a_question_the_caller_did_not_hear_was_not_asked() -> None:
    assert agreed("caller: Yes.", ASKED, "caller: Yes.") is True
    turns = said(ASKED, "caller: Yes.")
    turns[0].heard_text = "Sh"
    conversation = make_conversation(turns=turns, tool_calls=[make_tool_call(start_ms=60_000)])
    assert consent(conversation, conversation.tool_calls[0], Order(conversation)).agreed is False


def test_a_call_without_time_or_turn_cannot_be_placed() -> None:
    conversation = make_conversation(turns=said(ASKED, "caller: Yes."), tool_calls=[make_tool_call()])
    found = consent(conversation, conversation.tool_calls[0], Order(conversation))
    assert found.agreed is None
    assert "the call has no time and no turn" in found.why
