"""Tables (pandas) and figures (plotly) for dashboards and exports."""
