"""The dashboard: how the agent versions do, each number with its calls behind it."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for

from evalhub.plugins import metrics
from evalhub.reports.call import VALENCE
from evalhub.reports.measures import versions_seen
from evalhub.reports.outliers import KINDS, outliers
from evalhub.reports.points import Versions
from evalhub.reports.repeated import SHOWN, repeats_by_version
from evalhub.reports.tools import tools_by_version
from evalhub.reports.window import CHOICES, Window, agents
from evalhub.rubrics.stored import criterion_titles
from evalhub.traces.filters import NONE
from webui.access import allow
from webui.behind import calls_behind
from webui.context import db, project

bp = Blueprint("dashboard", __name__, url_prefix="/p/<project_slug>/dashboard")


@bp.get("")
@allow("viewer", "lead")
def page() -> str:
    window = Window.from_args(project().id, request.args)
    versions = versions_seen(db(), window)
    return render_template(
        "dashboard/page.html",
        window=window,
        sections=_sections(window, versions),
        tools=tools_by_version(db(), window, versions),
        repeats=repeats_by_version(db(), window),
        ks=SHOWN,
        runs_of=partial(calls_behind, window),
        versions=versions,
        agents=agents(db(), project().id),
        choices=CHOICES,
        kinds=KINDS,
        nameless=NONE,
    )


@bp.get("/export.csv")
@allow("viewer", "lead")
def as_csv() -> Response:
    window = Window.from_args(project().id, request.args)
    charts = [chart for section in _sections(window, versions_seen(db(), window)) for chart in section.charts]
    from evalhub.reports import frames

    headers = {"Content-Disposition": f'attachment; filename="dashboard-{project().slug}.csv"'}
    return Response(frames.as_csv(charts), mimetype="text/csv", headers=headers)


@bp.get("/listen/<metric>")
@allow("viewer", "lead")
def listen(metric: str) -> str:
    """Five moments to listen to: those furthest out in one metric."""
    if metric not in KINDS:
        abort(404, "There is no such list. Choose one from the dashboard.")
    window = Window.from_args(project().id, request.args)
    version = request.args.get("version") or None
    five = outliers(db(), window, metric, version)
    return render_template(
        "dashboard/listen.html",
        metric=metrics()[metric],
        titles={name: found.title for name, found in metrics().items()},
        kinds=KINDS,
        valence=VALENCE,
        window=window,
        five=five,
        version=version,
    )


def _sections(window: Window, versions: Versions) -> list[Any]:
    """The charts. Their libraries are loaded with the first dashboard, not with every server."""
    from evalhub.reports.dashboard import dashboard

    criteria = criterion_titles(db(), project().id)
    return dashboard(db(), window, criteria, versions, partial(calls_behind, window), _agreement)


def _agreement(**question: str) -> str:
    """How far judges agree with people: on one question, or on all."""
    endpoint = "agreement.page" if question else "agreement.index"
    return url_for(endpoint, project_slug=project().slug, **question)
