"""Pages say what things are called, not what the code calls them."""

import pytest

from evalhub import plugins
from evalhub.models import Evaluation, Project
from evalhub.services import Services
from tests.db.http.conftest import As
from tests.db.http.test_listening_pages import add_call, score

pytestmark = pytest.mark.db
WHOLE = {"evaluator": "turn_taking", "subject_type": "conversation", "subject_id": ""}


def test_a_failed_check_without_words_is_named_in_the_list(services: Services, project: Project, signed_in: As) -> None:
    add_call(services, project, "slow", [score("turn_latency_ms.p95", 3700.0, verdict="fail", **WHOLE)])
    page = signed_in("viewer").get("/p/demo/conversations").text
    assert "Response time, p95" in page
    assert "turn_latency_ms" not in page


def test_why_there_is_no_score_names_the_check_by_its_title(
    services: Services, project: Project, signed_in: As
) -> None:
    add_call(services, project, "quiet", [])
    kind = plugins.evaluators()["handoff_fidelity"]
    with services.work() as session:
        skipped = {"status": "skipped", "reason": "there is no hand-off", "kind_of_work": kind.kind_of_work}
        of_call = {"project_id": project.id, "conversation_id": "quiet", "evaluator": kind.name}
        session.add(Evaluation(**of_call, version=kind.version, **skipped))
    page = signed_in("viewer").get("/p/demo/conversations/quiet").text
    assert "<strong>Hand-offs</strong>" in page
    assert "handoff fidelity" not in page


def test_filters_are_told_in_words(signed_in: As) -> None:
    query = "metric=dead_air_ms.longest&evaluator=turn_taking&from=2026-11-01&to=2026-11-14"
    page = signed_in("viewer").get(f"/p/demo/conversations?{query}").text
    for told in ("Longest dead air", "Turn-taking", "1 Nov 2026", "14 Nov 2026"):
        assert told in page


def test_an_error_leads_back_into_its_project(signed_in: As) -> None:
    answer = signed_in("viewer").get("/p/demo/conversations/nothing")
    assert answer.status_code == 404
    assert "Go to Demo" in answer.text
