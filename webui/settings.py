"""Settings of a project: API keys, the judge, the project itself, the audit log."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evalhub.accounts import keys
from evalhub.accounts.audit import SHOWN, WORDS, audit, recent
from evalhub.evaluations.limits import Limits, set_limits
from evalhub.labeling.scorecards import scorecards
from evalhub.reports.home import observed, progress
from evalhub.reports.judges import judges
from evalhub.rubrics.stored import choose_rubric, rubric_of
from webui.access import allow
from webui.context import actor, db, project, services
from webui.forms import number, stay_on

bp = Blueprint("settings", __name__)
QUIET_S = range(5, 86_401)


def _keys_page(**shown: Any) -> str:
    """Once a key is made, the page waits for what is sent with it; before, it shows the newest call."""
    since = datetime.now(UTC) if "made" in shown else None
    own = keys.keys_of(db(), project().id)
    seen = observed(db(), project().id, since)
    base = request.host_url.rstrip("/")
    return render_template("settings/keys.html", keys=own, seen=seen, since=since, base=base, **shown)


def _judge_page(**shown: Any) -> str:
    """How much is judged stays filled in as it was, also where it cannot be saved."""
    return render_template(
        "settings/judge.html",
        settings=services().settings,
        progress=progress(db(), project().id),
        limits=Limits.of(project()),
        judges=judges(db(), project().id),
        rubric=rubric_of(project()),
        scorecards=scorecards(db(), project().id),
        **shown,
    )


def _project_page(**shown: Any) -> str:
    return render_template("settings/project.html", **shown)


@bp.get("/p/<project_slug>/settings/keys")
@allow()
def show_keys() -> str:
    return _keys_page()


@bp.post("/p/<project_slug>/settings/keys")
@allow()
@stay_on(_keys_page)
def add_key() -> str:
    wanted = {"name": request.form.get("name", ""), "scope": request.form.get("scope", "")}
    days = number("days", range(1, 3651)) if request.form.get("days") else None
    key, token = keys.make_key(db(), project().id, **wanted, days=days, by=actor())
    audit(db(), project().id, actor(), "key.created", key.name, scope=key.scope)
    return _keys_page(token=token, made=key)


@bp.post("/p/<project_slug>/settings/keys/<int:key_id>/revoke")
@allow()
def revoke_key(key_id: int) -> Response:
    key = keys.revoke_key(db(), project().id, key_id)
    current_app.extensions["evalhub_keys"].forget()
    audit(db(), project().id, actor(), "key.revoked", key.name)
    flash(f"The key {key.name} does not work any more.")
    return _back("settings.show_keys")


@bp.get("/p/<project_slug>/settings/judge")
@allow("lead")
def show_judge() -> str:
    return _judge_page()


@bp.post("/p/<project_slug>/settings/judge")
@allow("lead")
@stay_on(_judge_page)
def save_judge() -> Response:
    limits = Limits.from_form(request.form)
    set_limits(project(), limits, services().settings)
    choose_rubric(db(), project(), request.form.get("rubric", ""))
    audit(db(), project().id, actor(), "judge.changed", **project().settings["judge"], rubric=rubric_of(project()))
    flash("Saved.")
    return _back("settings.show_judge")


@bp.get("/p/<project_slug>/settings/project")
@allow()
def show_project() -> str:
    return _project_page()


@bp.post("/p/<project_slug>/settings/project")
@allow()
@stay_on(_project_page)
def save_project() -> Response:
    project().quiet_period_s = number("quiet_period_s", QUIET_S)
    project().name = request.form.get("name", "").strip()[:100] or project().name
    changed = {"name": project().name, "quiet_period_s": project().quiet_period_s}
    audit(db(), project().id, actor(), "project.changed", project().slug, **changed)
    flash("Saved.")
    return _back("settings.show_project")


@bp.get("/p/<project_slug>/settings/audit")
@allow()
def show_audit() -> str:
    return render_template("settings/audit.html", entries=recent(db(), project().id), limit=SHOWN, words=WORDS)


def _back(endpoint: str) -> Response:
    return redirect(url_for(endpoint, project_slug=project().slug))
