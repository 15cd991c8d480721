"""Reports as tables: the numbers of a chart as a pandas frame, for exports. The one door to pandas."""

import pandas as pd

from evalhub.reports.figures import Chart


def frame(chart: Chart) -> pd.DataFrame:
    """The rows of a chart, one column per thing shown."""
    return pd.DataFrame(chart.rows, columns=list(chart.columns))


def as_csv(charts: list[Chart]) -> str:
    """The rows of several charts below each other, each marked with its chart."""
    marked = [frame(chart).assign(chart=chart.title or chart.id) for chart in charts if not chart.is_empty]
    return str(pd.concat(marked).to_csv(index=False)) if marked else ""
