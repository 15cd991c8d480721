"""Evaluation rules: listed, made, replaced, deleted."""

from typing import Any

from evalhub.evaluations import rules
from evalhub.evaluations.rule_drafts import Draft
from evalhub.models import EvaluationRule
from evalhub.traces.bodies import read_json
from webui.access import api_key
from webui.api import api
from webui.api.bodies import read_body
from webui.context import actor, db, project

MAX_BODY = 1 << 16
SHOWN = ("id", "name", "enabled", "filters", "share", "evaluators", "rubric", "version", "created_by", "changed_by")


@api.get("/evaluation-rules")
@api_key("full")
def list_rules() -> dict[str, Any]:
    return {"items": [_shown(rule) for rule in rules.rules_of(db(), project().id)]}


@api.post("/evaluation-rules")
@api_key("full")
def create_rule() -> tuple[dict[str, Any], int]:
    body = read_json(read_body(MAX_BODY), [])
    rule = rules.create_rule(db(), project().id, Draft.from_json(body), by=actor())
    _switch(rule, body)
    return _shown(rule), 201


@api.get("/evaluation-rules/<int:rule_id>")
@api_key("full")
def get_rule(rule_id: int) -> dict[str, Any]:
    return _shown(_rule(rule_id))


@api.put("/evaluation-rules/<int:rule_id>")
@api_key("full")
def replace_rule(rule_id: int) -> dict[str, Any]:
    rule, body = _rule(rule_id), read_json(read_body(MAX_BODY), [])
    rules.change_rule(db(), rule, Draft.from_json(body), by=actor())
    _switch(rule, body)
    return _shown(rule)


@api.delete("/evaluation-rules/<int:rule_id>")
@api_key("full")
def remove_rule(rule_id: int) -> tuple[str, int]:
    rules.delete_rule(db(), _rule(rule_id), by=actor())
    return "", 204


def _rule(rule_id: int) -> EvaluationRule:
    return rules.rule_of(db(), project().id, rule_id)


def _switch(rule: EvaluationRule, body: dict[str, Any]) -> None:
    on = body.get("enabled", True)
    if rule.enabled != on:
        rules.switch_rule(db(), rule, on=on, by=actor())


def _shown(rule: EvaluationRule) -> dict[str, Any]:
    shown = {name: getattr(rule, name) for name in SHOWN}
    return shown | {"changed_at": rule.changed_at.isoformat(), "created_at": rule.created_at.isoformat()}
