"""From a number or a point of a chart to the list of the calls behind it."""

from typing import Any

from flask import url_for

from evalhub.reports.window import Window
from evalhub.traces.filters import NONE
from webui.context import project


def calls_behind(window: Window, **filters: Any) -> str:
    """The address of that list: the calls of a window, of a `day` of it, of other filters."""
    day = filters.pop("day", None)
    dates = {"from": day or f"{window.since:%Y-%m-%d}", "to": day or f"{window.until:%Y-%m-%d}"}
    named = {name: filters[name] or NONE for name in ("agent", "version") if name in filters}
    wanted = {"agent": window.agent, **dates, **filters, **named}
    known = {name: value for name, value in wanted.items() if value}
    return url_for("conversations.index", project_slug=project().slug, **known)
