"""Agreement: how far each judge agrees with people, by question, and the calls on which they differ."""

from flask import Blueprint, abort, render_template

from evalhub.criteria import UNSURE
from evalhub.reports import agreement
from evalhub.reports.agreed import written
from evalhub.reports.compared import judge_versions
from evalhub.reports.pairing import matrix_words
from evalhub.trust.raters import FEW_CALLS
from webui.access import allow
from webui.context import db, project, services

bp = Blueprint("agreement", __name__, url_prefix="/p/<project_slug>/agreement")


@bp.get("")
@allow("viewer", "lead")
def index() -> str:
    cards = agreement.overview(db(), project().id)
    return render_template(
        "agreement/index.html",
        cards=cards,
        any_labels=any(question.answered for _, questions in cards for question in questions),
        any_judge=bool(judge_versions(db(), project().id)),
        few=FEW_CALLS,
        model=services().settings.judge_model,
    )


@bp.get("/<rubric>/<criterion>")
@allow("viewer", "lead")
def page(rubric: str, criterion: str) -> str:
    question = agreement.of_question(db(), project().id, rubric, criterion)
    if question is None:
        abort(404, "There is no such question. Choose one from the list.")
    said, people = matrix_words(question.criterion)
    return render_template(
        "agreement/page.html",
        question=question,
        rubric=rubric,
        judge_words=said,
        people_words=people,
        unsure=UNSURE,
        few=FEW_CALLS,
    )


@bp.app_template_filter()
def share(value: float | None) -> str:
    """A share in percent: 94 %."""
    return "-" if value is None else f"{100 * value:.0f} %"


bp.add_app_template_filter(written, "coefficient")
