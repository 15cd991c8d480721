"""Wire formats, one file each.

A format module has `NAME`, `recognises(head, media_type) -> bool` (head = the first 64 KiB of the body) and
`parse(body, conversation_id) -> Parsed`. It knows objects only, never a session. A body that cannot be used raises
`BadInput` before it is accepted; what is merely odd becomes a warning on the conversation. A format whose bodies are
parts of one log and only make sense together has `parse_many(bodies, conversation_id)` too.
"""

from dataclasses import dataclass, field
from datetime import datetime

from evalhub.models import Conversation


@dataclass(kw_only=True)
class ParsedAudio:
    """Sound that came inside a body: 16-bit little-endian mono samples, or a whole file in a container."""

    conversation_id: str
    track: str
    data: bytes
    rate: int | None = None
    """samples a second of headerless PCM; None where `data` is a whole file"""
    offset_ms: int = 0


@dataclass(kw_only=True)
class RecordingLink:
    """Where the sound of a track lies at whoever sent the body. Nobody follows it unless the project allows it."""

    conversation_id: str
    track: str
    url: str
    channels: list[str] | None = None
    account: str | None = None
    """name that goes with the endpoint's secret, where the sound wants both"""
    starts_at: datetime | None = None
    """when its first sample was taken; None where that is the start of the call, or not known"""


@dataclass(kw_only=True)
class Parsed:
    """What one body holds. Fields left None mean "not said", and erase nothing that an earlier body said."""

    conversations: list[Conversation] = field(default_factory=list)
    audio: list[ParsedAudio] = field(default_factory=list)
    links: list[RecordingLink] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    """other names that the call goes by elsewhere, such as the CallSid of its phone leg"""
    fills: bool = False
    """the sender stands beside the call: its times and names count only where nobody else told them"""
    ended: bool = False
    """the body itself says that the conversation is over"""
