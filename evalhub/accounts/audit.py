"""The audit log: who did what to whom."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evalhub.models import AuditEntry

SHOWN = 200
WORDS = {
    "project.created": "made the project",
    "project.changed": "changed the project",
    "key.created": "made an API key",
    "key.revoked": "revoked an API key",
    "member.invited": "invited",
    "member.role": "changed the role of",
    "member.reset": "made a new link for",
    "member.removed": "took out",
    "queue.created": "made a queue",
    "queue.closed": "closed a queue",
    "conversation.uploaded": "uploaded a call",
    "conversation.deleted": "deleted a call",
    "expectations.changed": "said what should have been called in",
    "endpoint.created": "made an endpoint",
    "endpoint.changed": "changed an endpoint",
    "endpoint.rotated": "gave a new secret to an endpoint",
    "endpoint.deleted": "deleted an endpoint",
    "judge.changed": "changed how much is judged",
    "rule.created": "made the evaluation rule",
    "rule.changed": "changed the evaluation rule",
    "rule.switched_on": "switched on the evaluation rule",
    "rule.switched_off": "switched off the evaluation rule",
    "rule.deleted": "deleted the evaluation rule",
    "rule.applied": "had stored calls evaluated by the rule",
    "rules.changed": "changed rules and prices of",
    "scorecard.published": "published a scorecard",
}
"""what the page says of an action, before whom or what it was done to"""


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
