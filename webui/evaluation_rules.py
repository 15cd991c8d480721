"""Evaluation rules: which calls are evaluated, what share of them, by what; with a preview and a dry run before."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evalhub import plugins
from evalhub.errors import BadInput, Conflict
from evalhub.evaluations import rules
from evalhub.evaluations.explaining import dry_run
from evalhub.evaluations.limits import Limits
from evalhub.evaluations.matching import evaluators_of
from evalhub.evaluations.rule_drafts import KINDS, Draft
from evalhub.evaluations.selections import counts_lately, lately, preview
from evalhub.labeling.scorecards import scorecards
from evalhub.models import EvaluationRule
from evalhub.traces.queries import choices
from webui.access import allow
from webui.context import actor, db, give_up, project, services

bp = Blueprint("evaluation_rules", __name__, url_prefix="/p/<project_slug>/settings/evaluation-rules")


@bp.get("")
@allow("lead")
def index() -> str:
    own = rules.rules_of(db(), project().id)
    counts = counts_lately(db(), project().id, own)
    return render_template("evaluation_rules/index.html", rules=own, counts=counts, kinds=KINDS)


@bp.get("/new")
@allow("lead")
def new() -> str:
    return _form(None, request.args)


@bp.post("/preview")
@allow("lead")
def show_preview() -> str:
    return render_template("evaluation_rules/preview.html", **_preview(request.form, _chosen()))


@bp.post("/dry-run")
@allow("lead")
def show_dry_run() -> str:
    """What the rule, as it is filled in, would do with the latest calls."""
    try:
        rule = _draft_of(request.form, _chosen()).as_rule(project().id)
        shown = {"trials": dry_run(db(), project().id, rule), "evaluators": evaluators_of(rule), "share": rule.share}
    except BadInput as fault:
        shown = {"problem": str(fault)}
    return render_template("evaluation_rules/dry_run.html", **shown)


@bp.get("/<int:rule_id>")
@allow("lead")
def edit(rule_id: int) -> str:
    return _form(_rule(rule_id), request.args)


@bp.post("")
@bp.post("/<int:rule_id>")
@allow("lead")
def save(rule_id: int | None = None) -> Any:
    """A new rule, or what an old one means from now on."""
    rule = None if rule_id is None else _rule(rule_id)
    try:
        if rule is None:
            rule = rules.create_rule(db(), project().id, _draft(), by=actor())
        else:
            rules.change_rule(db(), rule, _draft(), by=actor())
    except (BadInput, Conflict) as fault:
        return _refused(rule_id, fault)
    flash(f"{rule.name} is saved, as version {rule.version}. It holds for calls that end from now on.")
    return _to_list()


@bp.post("/<int:rule_id>/switch")
@allow("lead")
def switch(rule_id: int) -> Response:
    rule = _rule(rule_id)
    rules.switch_rule(db(), rule, on=request.form.get("on") == "yes", by=actor())
    flash(f"{rule.name} is switched {'on' if rule.enabled else 'off'}.")
    return _to_list()


@bp.post("/<int:rule_id>/delete")
@allow("lead")
def delete(rule_id: int) -> Response:
    rule = _rule(rule_id)
    rules.delete_rule(db(), rule, by=actor())
    flash(f"{rule.name} is deleted. Scores that are there stay.")
    return _to_list()


def _rule(rule_id: int) -> EvaluationRule:
    return rules.rule_of(db(), project().id, rule_id)


def _to_list() -> Response:
    return redirect(url_for("evaluation_rules.index", project_slug=project().slug))


def _chosen() -> list[str]:
    return request.form.getlist("evaluators")


def _draft() -> Draft:
    return Draft.from_form(request.form, _chosen())


def _draft_of(given: Mapping[str, str], evaluators: list[str]) -> Draft:
    """What can be tried already: it may still lack a name.

    Raises:
        BadInput: its share or a filter cannot be used.
    """
    draft = Draft.from_form(given, evaluators)
    if problems := draft.check_filters():
        raise BadInput("This filter cannot be used in a rule.", problems)
    return draft


def _refused(rule_id: int | None, fault: BadInput | Conflict) -> tuple[str, int]:
    give_up()
    rule = None if rule_id is None else _rule(rule_id)
    return _form(rule, request.form, _chosen(), error=str(fault)), getattr(fault, "status", 409)


def _form(rule: EvaluationRule | None, given: Mapping[str, str], chosen: list[str] | None = None, **more: Any) -> str:
    """The form as it was filled in; before, as the rule is, or with the filter of the address."""
    if chosen is None:
        chosen = list(rule.evaluators) if rule else list(KINDS)
        start = {"share": "100"} if rule is None else _filled(rule)
        given = start | dict(given.items())
    return render_template(
        "evaluation_rules/form.html",
        rule=rule,
        given=given,
        chosen=chosen,
        kinds=KINDS,
        evaluators=plugins.evaluators(),
        choices=choices(db(), project().id),
        scorecards=scorecards(db(), project().id),
        **_preview(given, chosen),
        **more,
    )


def _filled(rule: EvaluationRule) -> dict[str, str]:
    return rule.filters | {"name": rule.name, "share": f"{rule.share * 100:g}", "rubric": rule.rubric or ""}


def _preview(given: Mapping[str, str], chosen: list[str]) -> dict[str, Any]:
    """What it would come to, by the calls of the last week; what cannot be read is said instead."""
    try:
        rule = _draft_of(given, chosen).as_rule(project().id)
    except BadInput as fault:
        return {"problem": str(fault)}
    seen = preview(db(), project(), rule, lately(project().id), services().settings)
    return {"preview": seen, "share": rule.share, "limits": Limits.of(project())}
