"""Reading accepted bodies again, after a mapping improved: what was stored is corrected, nothing is doubled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from evalhub.db import ask_for
from evalhub.models import InboxItem
from evalhub.models.inbox import PARSED, REJECTED, WAITING


def replay(
    session: Session,
    *,
    project_id: int | None = None,
    conversation_id: str | None = None,
    since: datetime | None = None,
    only_rejected: bool = False,
) -> int:
    """Let these bodies wait again, for the workers to read in the order they came. Returns how many."""
    table: Any = InboxItem.__table__
    chosen = [table.c.state.in_((REJECTED,) if only_rejected else (PARSED, REJECTED))]
    chosen += [table.c.project_id == project_id] if project_id is not None else []
    chosen += [table.c.received_at >= since] if since else []
    if conversation_id is not None:
        chosen += [(table.c.conversation_id == conversation_id) | table.c.conversation_ids.contains([conversation_id])]
    again = {"state": WAITING, "attempt": 0, "reason": None, "lease_until": None, "parsed_at": None}
    changed: Any = session.execute(update(table).where(*chosen).values(again))
    ask_for(session, "parse_inbox")
    ask_for(session, "ingest_spans")
    return int(changed.rowcount)
