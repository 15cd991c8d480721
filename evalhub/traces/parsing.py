"""From one body of the inbox to the stored conversation: parse by its format, merge, store its sound, settle."""

import logging
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from evalhub import plugins
from evalhub.errors import BadInput
from evalhub.models import Conversation, Deletion, InboxItem
from evalhub.services import Services
from evalhub.traces import aliases, assembly, lifecycle
from evalhub.traces.formats import Parsed, native, native_parts
from evalhub.traces.recordings import attach, links

log = logging.getLogger("evalhub.traces")


def is_log(format_name: str) -> bool:
    """Whether the bodies of this format are parts of one log and only make sense together."""
    return hasattr(plugins.formats().get(format_name), "parse_many")


def parse_into(services: Services, session: Session, item: InboxItem, body: bytes) -> None:
    """Parse one accepted body and store what it says.

    Raises:
        BadInput: the body cannot be parsed after all.
    """
    try:
        parsed = _parse(session, item, body)
    except (BadInput, DBAPIError):
        raise
    except Exception as error:  # the edge to formats, own and others': one body must not stop those behind it
        log.exception("reading body %s of %r failed", item.id, item.conversation_id)
        raise BadInput(f"it could not be read ({type(error).__name__}: {error})") from error
    for conversation in parsed.conversations:
        if not _was_deleted(session, item, conversation.id):
            _store(services, session, item, conversation, parsed)


def _parse(session: Session, item: InboxItem, body: bytes) -> Parsed:
    module: Any = plugins.formats().get(item.format)
    if module is None:
        return native_parts.parse(item.format, body, item.conversation_id or "")
    if is_log(item.format):
        parsed: Parsed = module.parse_many(_session_log(session, item), item.conversation_id)
    else:
        parsed = module.parse(body, None if item.format == native.NAME else item.conversation_id)
    for conversation in parsed.conversations:
        conversation.id = str(item.conversation_id)  # the call may have got a better name since the body came
    return parsed


def _store(services: Services, session: Session, item: InboxItem, conversation: Conversation, parsed: Parsed) -> None:
    project_id = item.project_id
    if parsed.fills:
        assembly.leave_known(session, project_id, conversation)
    assembly.merge(session, project_id, [conversation], are_whole=is_log(item.format))
    aliases.also_known(session, project_id, conversation.id, parsed.aliases)
    for audio in parsed.audio:
        attach.attach_parsed(services, session, project_id, audio)
    links.follow(session, item, parsed.links)
    lifecycle.settle(session, project_id, {conversation.id: parsed.ended})


def _session_log(session: Session, item: InboxItem) -> list[bytes]:
    """Every part of a log that came until now."""
    from evalhub.traces.inbox import body_of

    same = (
        InboxItem.project_id == item.project_id,
        InboxItem.conversation_id == item.conversation_id,
        InboxItem.format == item.format,
        InboxItem.id <= item.id,
    )
    return [body_of(part) for part in session.scalars(select(InboxItem).where(*same).order_by(InboxItem.id))]


def _was_deleted(session: Session, item: InboxItem, conversation_id: str) -> bool:
    gone = select(Deletion).where(Deletion.project_id == item.project_id, Deletion.conversation_id == conversation_id)
    return session.scalar(gone.where(Deletion.deleted_at > item.received_at)) is not None


def note_problem(session: Session, item: InboxItem, message: str) -> None:
    """Put a problem that was found while parsing where people see it: on the conversation."""
    key = (Conversation.project_id == item.project_id, Conversation.id == item.conversation_id)
    warnings = session.scalar(select(Conversation.warnings).where(*key)) or []
    noted = [*warnings, {"path": item.format, "message": message}]
    session.execute(update(Conversation).where(*key).values(warnings=noted))
