"""CSV that a spreadsheet may open: no cell of it runs."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

SPREADSHEETS_RUN = ("=", "+", "-", "@", "\t", "\r")


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A head line and the rows. A text that a spreadsheet would take for a formula gets a quote before it."""
    buffer = io.StringIO()
    table = csv.writer(buffer)
    table.writerow(columns)
    table.writerows([_cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(SPREADSHEETS_RUN) else value
