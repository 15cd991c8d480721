"""Twilio ConversationRelay: a log of the websocket's messages. Words of both sides, no times but how much was heard.

Source: twilio.com/docs/voice/conversationrelay/websocket-messages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evalhub.errors import BadInput, Problem, describe
from evalhub.evaluators import digest
from evalhub.models import Conversation, Handoff, Turn
from evalhub.traces.bodies import warning
from evalhub.traces.formats import Parsed
from evalhub.traces.formats.peek import first_object
from evalhub.traces.formats.realtime.actions import decoded
from evalhub.traces.formats.realtime.envelope import read_values
from evalhub.traces.formats.realtime.fields import at, key, ms, name, text, thing
from evalhub.traces.formats.reports import known, numbered

NAME = "twilio_conversation_relay"
UNTIMED = "the messages of this log carry no times: when somebody spoke and how long answers took cannot be known"


@dataclass
class Relay:
    """What the messages until now add up to."""

    setup: dict[str, Any] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    speaking: list[str] = field(default_factory=list)
    """tokens of the answer that is on its way"""
    partial: str | None = None
    """the caller's words so far, where they are told while they come"""
    language: str | None = None
    handoff: Any = None
    over: bool = False
    warnings: list[dict[str, str]] = field(default_factory=list)


def recognises(head: bytes, media_type: str | None) -> bool:  # noqa: ARG001  (the content decides)
    """Whether the first object is a message of such a websocket."""
    fields = first_object(head)
    kind = fields.get("type")
    return (kind == "setup" and "callSid" in fields) or (kind == "prompt" and "voicePrompt" in fields)


def parse(body: bytes, conversation_id: str | None) -> Parsed:
    """The call in a log.

    Raises:
        BadInput: there is no such message in it.
    """
    relay = Relay()
    messages = list(read_values(body, relay.warnings))
    for message in messages:
        _take(relay, message)
    _said(relay)
    if relay.partial:
        _add(relay, "caller", relay.partial)
    if not (relay.setup or relay.turns):
        got = describe(messages[0]) if messages else "nothing"
        raise BadInput("There is no call in this log.", [Problem("body", "messages of ConversationRelay", got)])
    conversation = _conversation(relay, conversation_id, digest(messages[:1]))
    conversation.warnings = [*relay.warnings, warning("", UNTIMED)]
    return Parsed(conversations=[conversation], ended=relay.over)


def _take(relay: Relay, message: Any) -> None:
    match text(message, "type"):
        case "setup":
            relay.setup = message
        case "prompt":
            _prompt(relay, message)
        case "text":
            relay.speaking.append(text(message, "token") or "")
            if message.get("last") is not False:
                _said(relay)
        case "interrupt":
            _interrupt(relay, message)
        case "dtmf":
            _said(relay)
            _add(relay, "caller", text(message, "digit"), kind="dtmf")
        case "error":
            relay.warnings.append(warning("error", (text(message, "description") or "an error without a word")[:500]))
        case "end":
            relay.over, relay.handoff = True, decoded(at(message, "handoffData"))


def _prompt(relay: Relay, message: Any) -> None:
    """What the caller said; partial ones are repeated by the last."""
    _said(relay)
    relay.partial = text(message, "voicePrompt")
    relay.language = name(message, "lang") or relay.language
    if message.get("last") is not False:
        _add(relay, "caller", relay.partial)
        relay.partial = None


def _said(relay: Relay) -> None:
    """The answer whose tokens came until now is one turn."""
    words = "".join(relay.speaking).strip()
    relay.speaking = []
    if words:
        _add(relay, "agent", words, interrupted=False)


def _interrupt(relay: Relay, message: Any) -> None:
    """The caller cut in: Twilio tells what was heard of the answer, and for how long."""
    _said(relay)
    turn = next((turn for turn in reversed(relay.turns) if turn.speaker == "agent"), None)
    if turn is not None:
        turn.interrupted = True
        turn.heard_text = text(message, "utteranceUntilInterrupt")
        heard_ms = ms(message, "durationUntilInterruptMs")
        turn.extra = known({"heard_ms": heard_ms, "heard_source": "reported"}) if heard_ms is not None else None


def _add(relay: Relay, speaker: str, words: str | None, **more: Any) -> None:
    relay.turns.append(Turn(id=f"t{len(relay.turns) + 1}", speaker=speaker, text=words, **more))


def _conversation(relay: Relay, conversation_id: str | None, content: str) -> Conversation:
    setup, custom = relay.setup, thing(relay.setup, "customParameters")
    facts = {
        "session_id": text(setup, "sessionId"),
        "account_sid": text(setup, "accountSid"),
        "call_sid": text(setup, "callSid"),
        "from": text(setup, "from"),
        "to": text(setup, "to"),
        "direction": text(setup, "direction"),
        "handoff_data": relay.handoff,
    }
    outbound = (text(setup, "direction") or "").startswith("outbound")
    return Conversation(
        id=conversation_id or key(setup, "callSid") or f"relay-{content}",
        channel="phone",
        architecture="chained",
        language=relay.language,
        user_id=name(custom, "user_id") or name(setup, "to" if outbound else "from"),
        turns=numbered(relay.turns),
        handoffs=numbered(_handoffs(relay.handoff)),
        outcome=known({"reason": text(relay.handoff, "reasonCode")}) or None,
        meta=custom | known({"platform": "twilio"} | facts),
    )


def _handoffs(data: Any) -> list[Handoff]:
    """The app gave the call back so that somebody else goes on, where it says so; to whom, it does not tell."""
    reason = text(data, "reasonCode") or ""
    is_one = any(word in reason.lower() for word in ("handoff", "hand-off", "transfer", "escalat"))
    return [Handoff(id="handoff-1", kind="transfer", summary=text(data, "reason"))] if is_one else []
