"""Wire formats, one file each.

A format module has `NAME`, `recognises(head, media_type) -> bool` (head = the first 64 KiB of the body) and
`parse(body, conversation_id) -> Parsed`. It knows objects only, never a session. A body that cannot be used raises
`BadInput` before it is accepted; what is merely odd becomes a warning on the conversation.
"""

from dataclasses import dataclass, field

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
class Parsed:
    """What one body holds. Fields left None mean "not said", and erase nothing that an earlier body said."""

    conversations: list[Conversation] = field(default_factory=list)
    audio: list[ParsedAudio] = field(default_factory=list)
    ended: bool = False
    """the body itself says that the conversation is over"""
