"""A call that a judge answered twice counts once in every figure; two scorecards with one question are two judges."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from evalhub.evaluations.judging import judge_due
from evalhub.evaluations.rule_drafts import Draft
from evalhub.evaluations.rules import create_rule
from evalhub.models import Conversation, Project, Score
from evalhub.reports.compared import verdicts_now
from evalhub.reports.home import stands_out
from evalhub.reports.measures import verdict_rates
from evalhub.reports.window import Window
from evalhub.services import Services
from evalhub.traces.queries import scores_of, summaries
from tests.db.evaluations.judged import count, replan, scorecard
from tests.db.evaluations.test_judging import Server, connected

pytestmark = pytest.mark.db
BREVITY = "criterion.brevity"
FAILS = 5
OWN, OTHER = "customer_service", "consumer_companion"
"""scorecards that share the question"""


@pytest.fixture
def judged(services: Services, project: Project, calls: Callable[..., list[str]]) -> list[str]:
    """Five calls that a judge failed: for the project's own scorecard, for a rule that names it, for one that names
    another."""
    ids = calls(FAILS)
    with services.work() as session:
        session.execute(update(Conversation).values(started_at=Window.from_args(project.id, {}).since))
        for name in (OWN, OTHER):
            draft = Draft(name=name, filters={}, share=1.0, evaluators=["rubric_judge"], rubric=name)
            create_rule(session, project.id, draft, by="test")
    replan(services, project, ids)
    with connected(services, Server(lambda _, body: scorecard(body, "fail"))) as judging:
        judge_due(judging)
    return ids


def test_a_call_counts_once_for_each_judge(services: Services, project: Project, judged: list[str]) -> None:
    assert count(services, Score, metric=BREVITY, verdict="fail") == 3 * FAILS
    with services.sessions() as session:
        rates = verdict_rates(session, Window.from_args(project.id, {}), "criterion.")
        now = verdicts_now(session, project.id, "brevity")
    assert [one.rate.count for one in rates if one.metric == BREVITY] == [FAILS, FAILS]
    assert [dict(verdicts) for verdicts in now.values()] == [{"fail": FAILS}, {"fail": FAILS}]


def test_what_a_list_and_a_page_tell_of_a_call_is_told_once(
    services: Services, project: Project, judged: list[str]
) -> None:
    with services.sessions() as session:
        scores = scores_of(session, project.id, judged[0])
        fails = [one for one in scores if one.verdict == "fail"]
        assert len({(one.metric, one.policy["judge_version"]) for one in scores}) == len(scores)
        assert summaries(session, project.id, judged)[judged[0]].fails == len(fails)
        assert {one.count for one in stands_out(session, project.id)} == {len(fails)}
