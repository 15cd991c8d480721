"""What judging costs a day."""

from collections.abc import Iterator, Sequence
from datetime import date

from evalhub.reports.figures import LINES, Chart, checked, layout_of
from evalhub.reports.judges import Asked
from evalhub.reports.points import VERSION_COLOURS, Trace

COLUMNS = ("day", "model", "US dollars", "askings", "of unknown price")
Days = Sequence[tuple[date, Asked]]


def cost_chart(key: str, title: str, days: Days) -> Chart:
    """US dollars a day, the models on top of each other. What has no known price is told; no bar at all, no drawing."""
    models = sorted({asked.model for _, asked in days})
    layout = layout_of(LINES, len(models), y_title="US dollars") | {"barmode": "stack"}
    layout["xaxis"] |= {"type": "date", "tickformat": "%-d %b"}
    traces = [_bars(days, model, index) for index, model in enumerate(models)]
    rows = [(str(day), asked.model, f"{asked.usd:.4f}", asked.askings, asked.unpriced) for day, asked in days]
    note = " ".join(_unpriced(days, models))
    figure = checked(traces, layout) if any(trace["x"] for trace in traces) else {}
    return Chart(id=key, title=title, figure=figure, columns=COLUMNS, rows=rows, note=note)


def _bars(days: Days, model: str, index: int) -> Trace:
    own = [(str(day), asked) for day, asked in days if asked.model == model and asked.unpriced < asked.askings]
    return {
        "type": "bar",
        "name": model,
        "x": [day for day, _ in own],
        "y": [asked.usd for _, asked in own],
        "marker": {"color": f"var(--version-{index % VERSION_COLOURS + 1})"},
        "text": [f"${asked.usd:.4f}, asked {asked.askings} times" for _, asked in own],
        "textposition": "none",
        "hovertemplate": "%{x}: %{text}<extra>%{fullData.name}</extra>",
    }


def _unpriced(days: Days, models: Sequence[str]) -> Iterator[str]:
    for model in models:
        if count := sum(asked.unpriced for _, asked in days if asked.model == model):
            yield f"{count} askings of {model} have no known price and are not in it."
