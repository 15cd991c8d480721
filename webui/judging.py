"""Applying a rule to stored calls: which, how many that is and what it costs, then doing it."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evalhub.accounts.audit import audit
from evalhub.errors import BadInput, Problem
from evalhub.evaluations.matching import asks_judges
from evalhub.evaluations.rules import rules_of
from evalhub.evaluations.selections import apply_rule, preview
from evalhub.models import EvaluationRule
from evalhub.traces import filters
from evalhub.traces.queries import choices
from webui.access import allow
from webui.context import actor, db, project, services

bp = Blueprint("judging", __name__, url_prefix="/p/<project_slug>/judging")


@bp.get("")
@allow("lead")
def form() -> str:
    return _form(request.args)


@bp.post("/preview")
@allow("lead")
def show_preview() -> str:
    return render_template("judging/preview.html", **_preview(request.form, rules_of(db(), project().id)))


@bp.post("")
@allow("lead")
def start() -> Response | tuple[str, int]:
    try:
        wanted = filters.Filters.from_args(request.form)
        rule = _chosen(request.form, rules_of(db(), project().id))
    except BadInput as fault:
        return _form(request.form), fault.status
    count = apply_rule(db(), rule, filters.ids(project().id, wanted))
    audit(db(), project().id, actor(), "rule.applied", rule.name, calls=count, **wanted.as_args())
    flash(f"{count} {'call waits' if count == 1 else 'calls wait'} to be evaluated by {rule.name} now.")
    return redirect(url_for("evaluation_rules.index", project_slug=project().slug))


def _form(given: Mapping[str, str]) -> str:
    rules = rules_of(db(), project().id)
    known = choices(db(), project().id)
    return render_template("judging/form.html", given=given, choices=known, rules=rules, **_preview(given, rules))


def _preview(given: Mapping[str, str], rules: list[EvaluationRule]) -> dict[str, Any]:
    """What it would come to; a filter that cannot be read is said instead."""
    try:
        matching = filters.ids(project().id, filters.Filters.from_args(given))
        rule = _chosen(given, rules)
    except BadInput as fault:
        return {"problem": str(fault)}
    return {"preview": preview(db(), project(), rule, matching, services().settings), "rule": rule}


def _chosen(given: Mapping[str, str], rules: list[EvaluationRule]) -> EvaluationRule:
    """The rule that was chosen; before one is, the first that asks judges, else the first.

    Raises:
        BadInput: this project has no such rule, or none at all.
    """
    named = given.get("rule", "")
    found = [rule for rule in rules if named in ("", str(rule.id))]
    if not found:
        problem = Problem(
            "rule", "an evaluation rule of this project", repr(named) if rules else "none: make one first"
        )
        raise BadInput("There is no such rule.", [problem])
    return next(filter(asks_judges, found), found[0])
