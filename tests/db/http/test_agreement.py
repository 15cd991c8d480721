"""Agreement from rows to page: judges against people, people among themselves, and the calls on which they differ."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from evalhub.evaluations.judging import judge_due
from evalhub.labeling.scorecards import versions
from evalhub.models import (
    Conversation,
    Criterion,
    Evaluation,
    JudgeAnswer,
    JudgeVersion,
    Project,
    QueueItem,
    Score,
    Turn,
)
from evalhub.reports.agreed import Compared, Question
from evalhub.reports.agreement import of_question, overview
from evalhub.rubrics.editing import definition_of, publish
from evalhub.rubrics.stored import install_rubrics
from evalhub.services import Services
from evalhub.transcript.rubric_judge import RubricJudge
from tests.db.evaluations.judged import replan, scorecard
from tests.db.http.conftest import As, Cast
from tests.db.labeling.making import add_calls, add_rubric, label_calls, make_queue
from tests.stack.judge_server import serving

PAGE = "/p/demo/agreement"
Words = Mapping[str, str]
READS = {"model": "reader", "back_end": "chat", "votes": 1, "transcript_source": "said"}
LISTENS = {"model": "ears", "back_end": "listening", "votes": 1, "max_turns": 8, "max_seconds": 90.0}


@pytest.fixture
def calls(services: Services, project: Project) -> list[str]:
    """A scorecard `care` and 60 calls."""
    with services.work() as session:
        add_rubric(session, project.id)
        add_calls(session, project.id, 60)
        return list(session.scalars(select(Conversation.id).order_by(Conversation.id)))


@pytest.fixture
def judged(services: Services, project: Project) -> Callable[..., None]:
    """Stores what a judge version said, by call: to the question `policy`, where nothing else is named."""

    def judge(version: str, said: Words, *, criterion: str = "policy", run: int = 0, **definition: Any) -> None:
        with services.work() as session:
            if session.get(JudgeVersion, (project.id, version)) is None:
                made = JudgeVersion(id=version, rubric="care", rubric_version=1, definition=READS | definition)
                made.project_id = project.id
                session.add(made)
                session.flush()
            shared = {"asked": version, "content_hash": "h", "run": run, "judge_version": version, "model": "m"}
            for call, word in said.items():
                row = JudgeAnswer(conversation_id=call, votes=[], verdicts={criterion: word}, usage={}, **shared)
                row.project_id = project.id
                session.add(row)

    return judge


@pytest.fixture
def labeled(services: Services, project: Project, cast: Cast) -> Callable[..., None]:
    """Stores what somebody said, by call."""

    def label(said: Mapping[str, Any], *, by: str = "labeler", criterion: str = "policy", **queue: Any) -> None:
        with services.work() as session:
            made = make_queue(session, project.id, calls=60, **queue)
            label_calls(session, made, cast.people[by], {call: {criterion: word} for call, word in said.items()})

    return label


def question(services: Services, project: Project, criterion: str = "policy") -> Question:
    with services.sessions() as session:
        found = of_question(session, project.id, "care", criterion)
    assert found is not None
    return found


def one_judge(services: Services, project: Project, criterion: str = "policy") -> Compared:
    [found] = question(services, project, criterion).judges
    return found


def words(calls: Sequence[str], *counts: tuple[str, int]) -> dict[str, str]:
    """So many calls of each word, in order."""
    given = [word for word, count in counts for _ in range(count)]
    return dict(zip(calls, given, strict=False))


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.mark.parametrize("passed", [1, 45, 59])
def test_a_judge_that_always_says_pass_has_the_share_of_passes_and_kappa_0(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any, signed_in: As, passed: int
) -> None:
    judged("always", dict.fromkeys(calls, "pass"))
    labeled({call: index < passed for index, call in enumerate(calls)})
    found = one_judge(services, project)
    assert found.found is not None
    assert found.found.observed.value == passed / 60
    assert (found.found.kappa.value, found.found.kappa.low, found.found.kappa.high) == (0.0, 0.0, 0.0)
    assert (found.found.recall["fail"].value, found.found.recall["pass"].value) == (0.0, 1.0)
    assert (found.short, found.level) == ("kappa 0.00 [0.00, 0.00], 60 calls", "poor")
    told = plain(signed_in("lead").get(f"{PAGE}/care/policy").text)
    assert f"same answer as people on {100 * passed / 60:.0f} %" in told
    assert "kappa 0.00 [0.00, 0.00]" in told
    assert "kappa 0.00 [0.00, 0.00], 60 calls" in plain(signed_in("viewer").get(PAGE).text)


def test_the_whole_path_of_two_stub_judges(services: Services, project: Project, cast: Cast, signed_in: As) -> None:
    """From a model's server to the page: one always passes, one quotes words that nobody said."""
    with services.work() as session:
        install_rubrics(session, project.id)
        session.execute(update(Project).values(settings={"judge": {"asked_again": 0.0}}))
        add_calls(session, project.id, 12)
        ids = list(session.scalars(select(Conversation.id).order_by(Conversation.id)))
        session.execute(update(Conversation).values(state="ended"))
        session.execute(update(Turn).values(id="t0", text="Hello there, how can I help?"))
    for model, quote in (("always-pass", "Hello"), ("invents", "a refund of a million dollars")):
        replan(services, project, ids)
        with services.work() as session:
            session.execute(update(Evaluation).values(status="pending", attempt=0, not_before=None))
        with serving(lambda _, body, quote=quote: stub(body, quote)) as url:
            settings = replace(services.settings, judge_url=url, judge_model=model, judge_concurrency=4)
            assert judge_due(replace(services, settings=settings)) == 12
    with services.work() as session:
        queue = make_queue(session, project.id, rubric="customer_service", calls=12)
        labels = {call: {"brevity": index < 9} for index, call in enumerate(ids)}
        label_calls(session, queue, cast.people["labeler"], labels)
    with services.sessions() as session:
        found = of_question(session, project.id, "customer_service", "brevity")
        assert session.query(Score).filter_by(metric="criterion.brevity", verdict="pass").count() == 0
    assert found is not None
    by_model = {one.version.definition["model"]: one for one in found.judges}
    always, invents = by_model["always-pass"], by_model["invents"]
    assert always.found is not None
    assert (always.found.observed.value, always.found.kappa.value) == (0.75, 0.0)
    assert invents.found is None
    assert set(invents.cells) == {("unsure", "pass"), ("unsure", "fail")}
    page = signed_in("lead").get(f"{PAGE}/customer_service/brevity").text
    assert "same answer as people on 75 %" in plain(page)
    assert f"judge={invents.version.id}" in page
    assert not re.search(rf"judge={invents.version.id}&amp;said=pass", page)


def stub(body: dict[str, Any], quote: str) -> Any:
    status, answer, headers = scorecard(body, quote=quote)
    return status, answer | {"model": body["model"]}, headers


def test_fails_it_catches_and_the_calls_on_which_they_differ(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any, signed_in: As
) -> None:
    judged("j1", words(calls, ("pass", 40), ("fail", 14), ("unsure", 4), ("na", 2)))
    labeled({call: index not in (*range(5), *range(40, 50)) for index, call in enumerate(calls)})
    found = one_judge(services, project)
    assert found.found is not None
    assert found.cells == {
        ("pass", "fail"): 5, ("pass", "pass"): 35, ("fail", "fail"): 10, ("fail", "pass"): 4,
        ("unsure", "pass"): 4, ("na", "pass"): 2,
    }  # fmt: skip
    assert found.calls == 54
    assert found.found.recall["fail"].value == pytest.approx(10 / 15)
    assert found.found.recall["pass"].value == pytest.approx(35 / 39)
    lead = signed_in("lead")
    page = lead.get(f"{PAGE}/care/policy").text
    for (said, people), count in found.cells.items():
        [address] = re.findall(rf'href="([^"]+said={said}&amp;people={people})"[^>]*>{count}</a>', page)
        listed = lead.get(address.replace("&amp;", "&")).text
        assert listed.count('class="call-row"') == count, (said, people)
    [address] = re.findall(r'href="([^"]+said=pass&amp;people=fail)"', page)
    shown = lead.get(address.replace("&amp;", "&")).text
    assert [call for call in calls if f"conversations/{call}" in shown] == calls[:5]


def test_two_versions_of_a_judge_are_two_rows_and_two_lists(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any, signed_in: As
) -> None:
    judged("old", dict.fromkeys(calls, "pass"))
    judged("new", {call: "fail" if index < 15 else "pass" for index, call in enumerate(calls)})
    labeled({call: index >= 15 for index, call in enumerate(calls)})
    kappas = {one.version.id: one.found.kappa.value for one in question(services, project).judges if one.found}
    assert kappas == {"old": 0.0, "new": 1.0}
    old = "/p/demo/conversations?metric=criterion.policy&judge=old&said=pass&people=fail"
    assert signed_in("viewer").get(old).text.count('class="call-row"') == 15
    assert signed_in("viewer").get(old.replace("old", "new")).text.count('class="call-row"') == 0


def test_levels_are_compared_as_levels_and_1_is_not_true(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any, signed_in: As
) -> None:
    judged("j1", words(calls, ("1", 20), ("2", 20), ("3", 20)), criterion="tone")
    labeled({call: (index // 20) + 1 for index, call in enumerate(calls)}, criterion="tone")
    found = one_judge(services, project, "tone")
    assert found.found is not None
    assert found.found.kappa.value == 1.0
    assert found.cells == {("1", "1"): 20, ("2", "2"): 20, ("3", "3"): 20}
    page = signed_in("lead").get(f"{PAGE}/care/tone").text
    assert "Cohen&#39;s weighted kappa" in page
    [address] = re.findall(r'href="([^"]+said=1&amp;people=1)"', page)
    assert signed_in("lead").get(address.replace("&amp;", "&")).text.count('class="call-row"') == 20


def test_a_level_beside_is_less_wrong_than_the_other_end(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any, signed_in: As
) -> None:
    judged("near", words(calls, ("2", 20), ("2", 20), ("3", 20)), criterion="tone")
    judged("far", words(calls, ("3", 20), ("2", 20), ("3", 20)), criterion="tone", model="far")
    labeled({call: (index // 20) + 1 for index, call in enumerate(calls)}, criterion="tone")
    kappa = {one.version.id: one.found.kappa.value for one in question(services, project, "tone").judges if one.found}
    assert kappa["near"] == pytest.approx(0.667, abs=0.001)
    assert kappa["far"] == pytest.approx(0.0, abs=0.001)
    page = plain(signed_in("viewer").get(PAGE).text)
    assert "weighted kappa 0.67 [" in page
    assert "kappa 0.00 [" in page


def test_people_among_themselves_and_a_call_of_two_counts_once(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any
) -> None:
    judged("j1", dict.fromkeys(calls, "pass") | dict.fromkeys(calls[50:], "fail"))
    labeled({call: index < 50 for index, call in enumerate(calls)})
    labeled({call: index >= 5 for index, call in enumerate(calls[:20])}, by="viewer")
    found = question(services, project)
    assert found.people is not None
    assert (found.people.calls, found.people.observed.value) == (20, pytest.approx(0.75))
    [judge] = found.judges
    assert judge.found is not None
    assert judge.found.calls == 60
    assert judge.found.observed.value == pytest.approx((60 - 5 / 2) / 60)


def test_calls_drawn_more_often_count_less(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any
) -> None:
    """A queue of 20 of the 60, all of them judged wrongly, and one of all 60."""
    judged("j1", dict.fromkeys(calls, "pass"))
    labeled({call: index >= 20 for index, call in enumerate(calls)})
    found = one_judge(services, project)
    assert found.found is not None
    assert found.found.observed.value == pytest.approx(40 / 60)
    with services.work() as session:
        rare = QueueItem.conversation_id.in_(calls[:20])
        session.execute(update(QueueItem).where(~rare).values(inclusion_prob=0.1))
    again = one_judge(services, project)
    assert again.found is not None
    assert again.found.observed.value == pytest.approx(400 / 420)


@pytest.mark.parametrize("purpose", ["triage", "gold", "pilot"])
def test_labels_that_do_not_estimate_say_nothing_of_a_judge(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any, purpose: str
) -> None:
    judged("j1", dict.fromkeys(calls, "pass"))
    labeled(dict.fromkeys(calls, True), purpose=purpose)
    found = one_judge(services, project)
    assert (found.found, found.short) == (None, "not yet compared with people")


@pytest.mark.parametrize(("query", "counts"), [({"verdict": "fail"}, False), ({"agent": "desk"}, True)])
def test_a_queue_of_what_a_judge_failed_says_nothing_of_what_it_misses(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any, query: Any, counts: bool
) -> None:
    judged("j1", dict.fromkeys(calls, "fail"))
    labeled(dict.fromkeys(calls, False), population_query=query)
    assert (one_judge(services, project).found is not None) is counts


def test_flips_are_told_by_question(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any, signed_in: As
) -> None:
    judged("j1", dict.fromkeys(calls, "pass"))
    judged("j1", words(calls, ("pass", 18), ("fail", 2)), run=1)
    labeled(dict.fromkeys(calls, True))
    found = one_judge(services, project)
    assert found.flips is not None
    assert (found.flips.value, found.flips.count) == (0.1, 20)
    assert "it changed 10 % of 20 answers" in plain(signed_in("lead").get(f"{PAGE}/care/policy").text)


def test_a_rate_is_put_right_by_people(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any, signed_in: As
) -> None:
    """The judge passes half of 60 calls, people nearly all of them."""
    said = {call: "pass" if index % 2 else "fail" for index, call in enumerate(calls)}
    judged("j1", said)
    labeled({call: index > 2 for index, call in enumerate(calls)})
    with services.work() as session:
        for call, word in said.items():
            store_verdict(session, project, call, word)
    found = one_judge(services, project)
    assert found.corrected is not None
    assert found.uncorrected is not None
    assert (found.judged, found.uncorrected.value) == (60, 0.5)
    assert found.corrected.value == pytest.approx(0.95, abs=0.03)
    assert found.corrected.low < 57 / 60 < found.corrected.high
    told = plain(signed_in("lead").get(f"{PAGE}/care/policy").text)
    assert "of 60 judged calls pass" in told
    assert "The judge alone says 50 %." in told


def store_verdict(session: Session, project: Project, call: str, word: str, judge: str = "j1") -> None:
    key = {"evaluator": "rubric_judge", "version": RubricJudge.version}
    evaluation = Evaluation(**key, kind_of_work="judge", status="done")
    score = Score(**key, metric="criterion.policy", verdict=word, policy={"judge_version": judge})
    for row in (evaluation, score):
        row.project_id, row.conversation_id = project.id, call
        session.add(row)
        session.flush()


def test_the_dashboard_splits_judge_versions_and_says_what_each_is_worth(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any, signed_in: As
) -> None:
    """The old judge passed all of its 40 calls and was compared with people, the new one half of 20, with nobody."""
    judged("old", dict.fromkeys(calls[:40], "pass"), model="reader-1")
    judged("new", words(calls[40:], ("pass", 10), ("fail", 10)), model="reader-2")
    labeled({call: index < 30 for index, call in enumerate(calls[:40])})
    with services.work() as session:
        session.execute(update(Conversation).values(started_at=datetime.now(UTC)))
        for index, call in enumerate(calls):
            judge = "old" if index < 40 else "new"
            store_verdict(session, project, call, "fail" if index >= 50 else "pass", judge)
    page = " ".join(signed_in("viewer").get("/p/demo/dashboard").text.split())
    cell = "<td>reader-{} reads ({})</td><td>{}</td><td>{}</td>"
    old = cell.format(1, "old", "100%", "between 91 and 100 %")
    assert f'{old}<td><a href="{PAGE}/care/policy">kappa 0.00 [0.00, 0.00], 40 calls</a></td>' in page
    new = cell.format(2, "new", "50%", "between 30 and 70 %")
    assert f'{new}<td><a href="{PAGE}/care/policy">not yet compared with people</a></td>' in page
    assert "reader-1 reads (old): 0 of 1 questions compared with people on 50 calls or more" in page
    assert "reader-2 reads (new): not yet compared with people" in page
    [figure] = re.findall(r'id="figure-criteria">(.*?)</script>', page)
    links = {url for trace in json.loads(figure)["data"] for url in trace["customdata"]}
    [failed] = [url for url in links if "judge=new" in url]
    assert signed_in("viewer").get(failed).text.count('class="call-row"') == 10
    assert "kappa 0.00 [0.00, 0.00], 40 calls" in signed_in("viewer").get("/p/demo/dashboard/export.csv").text


def test_a_question_that_means_something_else_now_starts_anew(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any
) -> None:
    judged("j1", dict.fromkeys(calls, "pass"))
    labeled(dict.fromkeys(calls, True))
    with services.work() as session:
        rubric, published = versions(session, project.id, "care")
        edited = definition_of(rubric, published[0])
        criteria = tuple(replace(one, question="Otherwise?") if one.key == "policy" else one for one in edited.criteria)
        publish(session, project.id, replace(edited, criteria=criteria), "meaning")
    found = question(services, project)
    assert (found.answered, found.judges) == (0, [])


def test_who_listens_is_asked_what_needs_ears(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any
) -> None:
    with services.work() as session:
        session.execute(update(Criterion).where(Criterion.key == "policy").values(modality="audio"))
    judged("reads", dict.fromkeys(calls, "pass"))
    judged("hears", dict.fromkeys(calls, "pass"), **LISTENS)
    labeled(dict.fromkeys(calls, True))
    found = one_judge(services, project)
    assert (found.version.id, found.listens) == ("hears", True)
    assert found.short == "kappa not defined yet: one answer only, 60 calls"


def test_without_labels_it_says_what_to_do(services: Services, calls: list[str], judged: Any, signed_in: As) -> None:
    page = signed_in("lead").get(PAGE).text
    assert "No judge has answered yet" in page
    judged("j1", dict.fromkeys(calls, "pass"))
    page = signed_in("lead").get(PAGE).text
    assert "Label at least 50 calls that a judge has answered" in page
    assert "/p/demo/queues/new?calls=50" in page
    assert "queues/new" not in signed_in("viewer").get(PAGE).text
    assert "Not yet compared with people." in signed_in("viewer").get(f"{PAGE}/care/policy").text


def test_few_calls_are_a_hint_and_say_how_many_more(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any, signed_in: As
) -> None:
    judged("j1", words(calls, ("pass", 50), ("fail", 10)))
    labeled({call: index < 50 for index, call in enumerate(calls) if index > 40})
    assert (one_judge(services, project).level, one_judge(services, project).missing) == ("too few to tell", 31)
    page = signed_in("lead").get(f"{PAGE}/care/policy").text
    assert "31 more calls to label" in plain(page)
    assert "stratify_by=policy" in page


def test_one_page_takes_as_many_queries_for_many_calls_as_for_few(
    services: Services, project: Project, calls: list[str], judged: Any, labeled: Any
) -> None:
    def queries() -> int:
        count = 0

        def counted(*_: Any) -> None:
            nonlocal count
            count += 1

        event.listen(services.engine, "before_cursor_execute", counted)
        with services.sessions() as session:
            overview(session, project.id)
        event.remove(services.engine, "before_cursor_execute", counted)
        return count

    judged("j1", dict.fromkeys(calls[:2], "pass"))
    labeled(dict.fromkeys(calls[:2], True))
    few = queries()
    judged("j1", dict.fromkeys(calls[2:], "pass"))
    labeled(dict.fromkeys(calls[2:], True))
    assert queries() == few


@pytest.mark.parametrize("path", ["care/nothing", "nobodys/policy", "a%00b/c"])
def test_there_is_no_page_of_what_is_no_question(calls: list[str], signed_in: As, path: str) -> None:
    assert signed_in("lead").get(f"{PAGE}/{path}").status_code in (400, 404)


def test_labelers_stay_blind(calls: list[str], signed_in: As) -> None:
    labeler: FlaskClient = signed_in("labeler")
    assert [labeler.get(path).status_code for path in (PAGE, f"{PAGE}/care/policy")] == [403, 403]
