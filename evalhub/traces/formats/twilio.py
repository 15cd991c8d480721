"""Twilio's callbacks on a call and its recording: forms that CallSid joins, in the order of SequenceNumber.

They stand beside the agent's own trace, which has the words: what they say of times and names counts only where nobody
else told it. Source: twilio.com/docs/voice/api/call-resource, /recording, "status callback".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl

from evalhub.errors import BadInput, Problem, Unreadable
from evalhub.models import Conversation
from evalhub.traces.bodies import warning, without_nul
from evalhub.traces.formats import Parsed, RecordingLink
from evalhub.traces.formats.native_build import duration_ms
from evalhub.traces.formats.realtime.fields import key, name
from evalhub.traces.formats.reports import known

NAME = "twilio"
Form = dict[str, str]
LOOKS = re.compile(rb"\A\s*[A-Za-z]\w*=[^&\s]*(&[A-Za-z]\w*=[^&\s]*)*\s*\Z")
MAX_FIELDS = 500
OVER = ("completed", "busy", "failed", "no-answer", "canceled")
TRACKS = {"inbound": "caller", "outbound": "agent"}
KEPT = ("CallSid", "AccountSid", "ParentCallSid", "From", "To", "Direction", "ForwardedFrom", "CallerName")


def recognises(head: bytes, media_type: str | None) -> bool:  # noqa: ARG001  (the content decides)
    """Whether this is a form with the id of a call."""
    return b"CallSid=" in head and LOOKS.match(head[:4096].rpartition(b"&")[0] or head[:4096]) is not None


def parse(body: bytes, conversation_id: str | None) -> Parsed:
    """What one callback tells of its call.

    Raises:
        BadInput: it names no call.
    """
    return parse_many([body], conversation_id)


def parse_many(bodies: Sequence[bytes], conversation_id: str | None) -> Parsed:
    """What all callbacks on a call tell, whatever order they came in; the same one twice counts once.

    Raises:
        BadInput: one of them names no call.
    """
    forms = sorted({body.strip(): read_form(body) for body in bodies}.values(), key=_sequence)
    statuses = [form for form in forms if form.get("CallStatus")]
    recordings = {form["RecordingSid"]: form for form in forms if form.get("RecordingSid")}
    conversation = Conversation(id=conversation_id or key(forms[0], "CallSid") or "")
    warnings: list[dict[str, str]] = []
    _describe(conversation, forms, statuses, list(recordings.values()))
    _trouble(statuses, list(recordings.values()), warnings)
    links = list(_links(conversation.id, list(recordings.values()), warnings))
    conversation.warnings = warnings or None
    return Parsed(
        conversations=[conversation],
        links=links,
        fills=True,
        ended=bool(statuses) and statuses[-1]["CallStatus"] in OVER,
    )


def read_form(body: bytes) -> Form:
    """The fields of one callback.

    Raises:
        Unreadable: this is no form.
        BadInput: it names no call.
    """
    try:
        fields = parse_qsl(body.decode().strip(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise Unreadable("This is no form.", [Problem("body", "form fields in UTF-8", str(error))]) from error
    form = {without_nul(field): without_nul(value) for field, value in fields}
    if not form.get("CallSid"):
        raise BadInput("This names no call.", [Problem("CallSid", "the id of a call", "nothing")])
    return form


def _sequence(form: Form) -> tuple[int, bool]:
    """Twilio numbers the callbacks on a call's state; what became of it stands last even without a number."""
    text = form.get("SequenceNumber", "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1, form.get("CallStatus") in OVER


def _time(form: Form, field: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(form.get(field, ""))
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, IndexError):
        return None


def _seconds(form: Form, field: str) -> int | None:
    text = form.get(field, "")
    return int(text) if text.isdecimal() and len(text) < 8 else None


def _describe(conversation: Conversation, forms: list[Form], statuses: list[Form], recordings: list[Form]) -> None:
    last = forms[-1]
    said = {field: value for form in forms for field, value in form.items() if field in KEPT and value}
    outbound = said.get("Direction", "").startswith("outbound")
    conversation.channel = "phone"
    conversation.user_id = name(said, "To" if outbound else "From")
    conversation.ended_at = next((_time(form, "Timestamp") for form in statuses if form["CallStatus"] in OVER), None)
    conversation.started_at = _start(conversation.ended_at, statuses, recordings)
    conversation.duration_ms = duration_ms(conversation)
    status = next((form["CallStatus"] for form in reversed(statuses)), None)
    conversation.outcome = {"reason": status} if status in OVER else None
    facts = {"platform": "twilio", "answered_by": last.get("AnsweredBy")}
    facts |= {_snake(field): value for field, value in said.items()}
    conversation.meta = known(facts)


def _start(ended_at: datetime | None, statuses: list[Form], recordings: list[Form]) -> datetime | None:
    """When the call was answered: as told, else its end less its length, else when its recording began."""
    for form in statuses:
        if form["CallStatus"] == "in-progress" and (answered := _time(form, "Timestamp")):
            return answered
    length = next((_seconds(form, "CallDuration") for form in statuses if form["CallStatus"] in OVER), None)
    if ended_at and length is not None:
        return ended_at - timedelta(seconds=length)
    return min((begun for form in recordings if (begun := _time(form, "RecordingStartTime"))), default=None)


def _snake(field: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", field).lower()


def _trouble(statuses: list[Form], recordings: list[Form], warnings: list[dict[str, str]]) -> None:
    for form in statuses[-1:]:
        if form["CallStatus"] in OVER[1:]:
            code = form.get("ErrorCode") or form.get("SipResponseCode")
            said = f"the call did not take place: {form['CallStatus']}" + (f" ({code})" if code else "")
            warnings.append(warning("CallStatus", said))
    for form in recordings:
        if form.get("RecordingStatus") in ("failed", "absent"):
            said = f"the recording is {form['RecordingStatus']} (error {form.get('ErrorCode') or 'unknown'})"
            warnings.append(warning("RecordingStatus", said))


def _links(conversation_id: str, recordings: list[Form], warnings: list[dict[str, str]]) -> Iterator[RecordingLink]:
    """The longest recording of each track."""
    done = [
        form for form in recordings if form.get("RecordingUrl") and form.get("RecordingStatus") in (None, "completed")
    ]
    longest: dict[str, Form] = {}
    for form in sorted(done, key=lambda form: _seconds(form, "RecordingDuration") or 0):
        longest[_track(form)] = form
    if len(done) > len(longest):
        warnings.append(warning("RecordingUrl", f"{len(done)} recordings of one call: the longest of a track counts"))
    for track, form in longest.items():
        channels = "?RequestedChannels=2" if track == "stereo" else ""
        yield RecordingLink(
            conversation_id=conversation_id,
            track=track,
            url=f"{form['RecordingUrl']}.wav{channels}",
            account=form.get("AccountSid"),
            starts_at=_time(form, "RecordingStartTime"),
        )


def _track(form: Form) -> str:
    if form.get("RecordingChannels") == "2":
        return "stereo"
    return TRACKS.get(form.get("RecordingTrack", ""), "mixed")
