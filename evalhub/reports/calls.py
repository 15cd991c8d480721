"""The calls of a list as rows for a spreadsheet or notebook."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from evalhub.spreadsheets import as_csv
from evalhub.traces.filters import Filters
from evalhub.traces.queries import COUNT_CAP, MAX_PAGE, Summary, list_conversations, summaries

COLUMNS = (
    *("id", "started_at", "duration_s", "agent", "version", "channel", "architecture", "state", "resolved"),
    *("checks", "failed", "worst", "labels", "address"),
)


def calls_csv(
    session: Session, project_id: int, filters: Filters, titles: Mapping[str, str], link: Callable[[str], str]
) -> str:
    """As CSV with a head line, the newest first, COUNT_CAP at most. `link`: the address of a call by its id."""
    return as_csv(COLUMNS, _rows(session, project_id, filters, titles, link))


def _rows(session: Session, project_id: int, filters: Filters, titles: Any, link: Any) -> Iterator[list[Any]]:
    cursor: str | None = None
    for _ in range(COUNT_CAP // MAX_PAGE):
        page = list_conversations(session, project_id, filters, cursor=cursor, limit=MAX_PAGE)
        told = summaries(session, project_id, [call.id for call in page.items])
        for call in page.items:
            yield [*_of_call(call), *_checked(told.get(call.id, Summary()), titles), link(call.id)]
        cursor = page.next
        if cursor is None:
            return


def _of_call(call: Any) -> list[Any]:
    began = call.started_at or call.created_at
    seconds = None if call.duration_ms is None else call.duration_ms / 1000
    resolved = (call.outcome or {}).get("resolved")
    who = (call.agent_name, call.agent_version, call.channel, call.architecture)
    return [call.id, began.isoformat(), seconds, *who, call.state, resolved]


def _checked(told: Summary, titles: Mapping[str, str]) -> list[Any]:
    worst = told.worst or titles.get(told.failed_metric or "", told.failed_metric)
    return [told.judged, told.fails, worst, told.labels]
