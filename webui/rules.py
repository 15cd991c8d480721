"""Business rules and prices of a project: two texts that code goes by."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evalhub.accounts.audit import audit
from evalhub.accounts.projects import set_rules
from webui.access import allow
from webui.context import actor, db, project
from webui.forms import stay_on

bp = Blueprint("rules", __name__, url_prefix="/p/<project_slug>/settings/rules")


def _page(**shown: Any) -> str:
    return render_template("settings/rules.html", **shown)


@bp.get("")
@allow("lead")
def show() -> str:
    return _page()


@bp.post("")
@allow("lead")
@stay_on(_page)
def save() -> Response:
    texts = {name: request.form.get(name, "").replace("\r\n", "\n") for name in ("rules", "prices")}
    set_rules(db(), project(), **texts)
    audit(db(), project().id, actor(), "rules.changed", project().slug)
    flash("Saved. Calls that are here already are looked at again.")
    return redirect(url_for("rules.show", project_slug=project().slug))
