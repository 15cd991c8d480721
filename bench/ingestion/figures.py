"""Figures as tables in Markdown: medians of the rounds, and evalhub beside each of the others."""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ingestion.ladder import Ladder
from ingestion.measures import Burst, Killed, Paced
from ingestion.one_call import OneCall

Cells = Sequence[str]


@dataclass
class Figures:
    """Everything that was measured of one server."""

    name: str
    version: str
    bursts: list[Burst] = field(default_factory=list)
    paced: list[Paced] = field(default_factory=list)
    ladder: Ladder | None = None
    killed: Killed | None = None
    one_call: OneCall | None = None

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}".strip()

    @property
    def sustained_per_s(self) -> float | None:
        best = self.ladder and self.ladder.best
        return best.spans_per_s if best else None

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"sustained_per_s": self.sustained_per_s}


def middle(rows: Iterable[object], name: str) -> float | None:
    """The median of one figure over the rounds."""
    values = [value for row in rows if (value := getattr(row, name)) is not None]
    return statistics.median(values) if values else None


def report(all_figures: Sequence[Figures]) -> str:
    """All tables that have something in them."""
    tables = (bursts, sustained, paced, kills, one_calls, ratios)
    return "\n\n".join(text for table in tables if (text := table(all_figures)))


def bursts(all_figures: Sequence[Figures]) -> str:
    head = ["server", "acknowledged, spans/s", "queryable, spans/s", "p50", "p99", "lag after the last answer"]
    head += ["CPU for 100,000 spans: server", "PostgreSQL", "memory (PSS)", "lost"]
    return _table(head, [_burst(one) for one in all_figures if one.bursts])


def _burst(one: Figures) -> Cells:
    rates = [_round(middle(one.bursts, name)) for name in ("acknowledged_per_s", "queryable_per_s")]
    waits = [_ms(middle(one.bursts, name)) for name in ("p50_ms", "p99_ms")]
    costs = [_seconds(middle(one.bursts, f"{name}_cpu_s_per_100k")) for name in ("server", "postgres")]
    memory, lost = max(row.memory_mb for row in one.bursts), sum(row.lost for row in one.bursts)
    lag = _seconds(middle(one.bursts, "lag_s"))
    return [
        one.title,
        *rates,
        *waits,
        lag,
        *costs,
        f"{memory:,.0f} MB",
        f"{lost:,} of {sum(row.spans for row in one.bursts):,}",
    ]


def sustained(all_figures: Sequence[Figures]) -> str:
    head = ["server", "sustained, spans/s", "calls put together, per s", "all of them after", "rates tried, spans/s"]
    return _table(head, [_sustained(one, one.ladder) for one in all_figures if one.ladder and one.ladder.tried])


def _sustained(one: Figures, ladder: Ladder) -> Cells:
    best = ladder.best
    tried = ", ".join(
        f"{row.rate:,.0f} {'held' if row.held else f'{row.backlog_s:.1f} s behind'}" for row in ladder.tried
    )
    if best is None:
        return [one.title, "none held", "", "", tried]
    return [one.title, _round(best.spans_per_s), _round(best.assembled_per_s), _seconds(best.assembled_after_s), tried]


def paced(all_figures: Sequence[Figures]) -> str:
    head = ["server", "paced, spans/s", "p50", "p99", "visible after: p50", "p95", "p99", "lost"]
    return _table(head, [_paced(one) for one in all_figures if one.paced])


def _paced(one: Figures) -> Cells:
    names = ("p50_ms", "p99_ms", "visible_p50_ms", "visible_p95_ms", "visible_p99_ms")
    lost = sum(row.lost for row in one.paced)
    return [one.title, _round(one.paced[0].rate), *(_ms(middle(one.paced, name)) for name in names), f"{lost:,}"]


def kills(all_figures: Sequence[Figures]) -> str:
    head = ["server", "acknowledged before kill -9", "there after the restart", "lost", "back after", "all there after"]
    return _table(head, [_killed(one.title, one.killed) for one in all_figures if one.killed])


def _killed(title: str, row: Killed) -> Cells:
    return [
        title,
        f"{row.acknowledged:,}",
        f"{row.found:,}",
        f"{row.lost:,}",
        _seconds(row.back_after_s),
        _seconds(row.there_after_s),
    ]


def one_calls(all_figures: Sequence[Figures]) -> str:
    head = ["one call", "spans", "turns", "sent", "readable", "its page", "its page again", "its spans"]
    return _table(head, [_one_call(one.title, one.one_call) for one in all_figures if one.one_call])


def _one_call(title: str, row: OneCall) -> Cells:
    times = (row.sent_s, row.readable_s, row.page_s, row.page_again_s, row.spans_s)
    return [title, f"{row.spans:,}", f"{row.turns:,}", *(f"{seconds:.2f} s" for seconds in times)]


def ratios(all_figures: Sequence[Figures]) -> str:
    """evalhub's rates as multiples of each other server's."""
    ours, others = _parted(all_figures)
    if ours is None or not others:
        return ""
    rows = [_ratio(ours, other) for other in others]
    return _table(["evalhub is", "acknowledged", "queryable", "sustained"], [row for row in rows if any(row[1:])])


def _parted(all_figures: Sequence[Figures]) -> tuple[Figures | None, list[Figures]]:
    ours = next((one for one in all_figures if one.name == "evalhub"), None)
    return ours, [one for one in all_figures if one is not ours]


def _ratio(ours: Figures, other: Figures) -> Cells:
    pairs = zip(_rates(ours), _rates(other), strict=True)
    return [f"times {other.title}", *(f"{mine / theirs:.2f}" if mine and theirs else "" for mine, theirs in pairs)]


def _rates(one: Figures) -> Iterator[float | None]:
    yield from (middle(one.bursts, name) for name in ("acknowledged_per_s", "queryable_per_s"))
    yield one.sustained_per_s


def _table(head: Cells, rows: Sequence[Cells]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) if rows else ""


def _round(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f} ms" if value < 100 else f"{value:,.0f} ms"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f} s"
