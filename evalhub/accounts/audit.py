"""The audit log: who did what to whom."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evalhub.models import AuditEntry

SHOWN = 200


def audit(session: Session, project_id: int, actor: str, action: str, subject: str = "", **details: Any) -> None:
    """Write an entry in the same transaction as what it is about."""
    entry = AuditEntry(project_id=project_id, actor=actor, action=action, subject=subject, details=details or None)
    session.add(entry)


def recent(session: Session, project_id: int, limit: int = SHOWN) -> list[AuditEntry]:
    """The newest entries first."""
    query = (
        select(AuditEntry).filter_by(project_id=project_id).order_by(AuditEntry.created_at.desc(), AuditEntry.id.desc())
    )
    return list(session.scalars(query.limit(limit)))
