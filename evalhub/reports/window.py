"""What a dashboard looks at: one agent or all, a stretch of days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from evalhub.models import Conversation
from evalhub.traces.filters import holds
from evalhub.traces.queries import choices

CHOICES = (7, 14, 30, 90)
DEFAULT_DAYS = 14


@dataclass(frozen=True, kw_only=True)
class Window:
    """The calls of one project that a report reads."""

    project_id: int
    since: datetime
    until: datetime
    days: int
    agent: str | None = None

    @classmethod
    def from_args(cls, project_id: int, args: Mapping[str, str], now: datetime | None = None) -> "Window":
        """As the address bar says; anything it cannot read falls back to the default."""
        days = int(args["days"]) if args.get("days", "").isdigit() else DEFAULT_DAYS
        days = days if days in CHOICES else DEFAULT_DAYS
        until = now or datetime.now(UTC)
        midnight = until.replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(
            project_id=project_id,
            since=midnight - timedelta(days=days - 1),
            until=until,
            days=days,
            agent=args.get("agent") or None,
        )

    def conditions(self) -> list[ColumnElement[bool]]:
        """The calls of this window, as conditions on Conversation."""
        found = [
            Conversation.project_id == self.project_id,
            Conversation.started_at >= self.since,
            Conversation.started_at <= self.until,
        ]
        return found + self.of_agent()

    def of_agent(self) -> list[ColumnElement[bool]]:
        """Whose calls, whenever they were."""
        return [holds(Conversation.agent_name, self.agent)] if self.agent else []


def agents(session: Session, project_id: int) -> list[str]:
    """Names of the project's agents; NONE at the end, where there are calls that name none."""
    return choices(session, project_id)["agent"]
