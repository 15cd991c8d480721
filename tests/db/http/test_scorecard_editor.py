"""The editor of scorecards: what is filled in is published as a new version, or shown again with its faults."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from evalhub.models import Project, RubricVersion
from evalhub.rubrics.stored import current_version, install_rubrics
from evalhub.services import Services
from tests.db.http.conftest import As

EDIT = "/p/demo/scorecards/outbound/edit"


@pytest.fixture
def lead(services: Services, project: Project, signed_in: As) -> FlaskClient:
    with services.work() as session:
        install_rubrics(session, project.id)
    return signed_in("lead")


def form_of(page: str) -> dict[str, str]:
    """The fields of the page as a browser would send them."""
    form = {}
    for tag in re.findall(r"<input [^>]+>", page):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        kind = found.get("type", "text")
        if kind in ("text", "hidden") or (kind == "checkbox" and "checked" in tag):
            form[found.get("name", "")] = unescape(found.get("value", "on"))
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>([^<]*)</textarea>', page):
        form[name] = unescape(text)
    for name, options in re.findall(r'<select name="([^"]+)">(.*?)</select>', page, re.DOTALL):
        form[name] = re.findall(r'value="(\w+)" selected', options)[0]
    return form


def newest(services: Services, project: Project, key: str) -> RubricVersion:
    with services.sessions() as session:
        found = current_version(session, project.id, key)
        assert found is not None
        return found


def test_a_form_sent_back_as_it_is_changes_nothing(lead: FlaskClient) -> None:
    answer = lead.post(EDIT, data=form_of(lead.get(EDIT).text) | {"change": "wording"})
    assert (answer.status_code, "Nothing was changed." in answer.text) == (422, True)


def test_an_edit_is_a_new_version(services: Services, project: Project, lead: FlaskClient) -> None:
    form = form_of(lead.get(EDIT).text)
    form |= {"0.question": "Did the call reach its purpose?", "0.weight": "2,5", "0.is_fail": "One.\n\nTwo."}
    answer = lead.post(EDIT, data=form | {"change": "wording"})
    assert answer.status_code == 302
    version = newest(services, project, "outbound")
    first = version.criteria[0]
    assert (version.number, version.change_kind) == (2, "wording")
    assert (first.question, first.weight, first.is_fail) == ("Did the call reach its purpose?", 2.5, ["One.", "Two."])
    assert "in other words than the one before" in lead.get(answer.location).text


def test_a_question_with_levels_is_added(services: Services, project: Project, lead: FlaskClient) -> None:
    form = form_of(lead.get(EDIT).text)
    at = next(name.split(".")[0] for name, value in form.items() if name.endswith(".question") and not value)
    form |= {f"{at}.title": "Pace", f"{at}.question": "How fast?", f"{at}.type": "ordinal"}
    form[f"{at}.levels"] = "1 | slow | drags\n2 | right"
    assert lead.post(EDIT, data=form | {"change": "meaning"}).status_code == 302
    pace = newest(services, project, "outbound").criteria[-1]
    assert (pace.key, pace.type) == ("pace", "ordinal")
    assert [(level["value"], level["label"], level["anchor"]) for level in pace.levels or ()] == [
        (1, "slow", "drags"),
        (2, "right", ""),
    ]


def test_faults_are_said_and_what_was_filled_in_stays(services: Services, project: Project, lead: FlaskClient) -> None:
    form = form_of(lead.get(EDIT).text) | {"0.question": "Kept <b>?", "1.weight": "heavy", "change": "meaning"}
    answer = lead.post(EDIT, data=form)
    assert answer.status_code == 422
    assert "criteria[1].weight: expected a number" in answer.text
    assert "Kept &lt;b&gt;?" in answer.text
    assert newest(services, project, "outbound").number == 1


def test_a_question_keeps_a_title(services: Services, project: Project, lead: FlaskClient) -> None:
    answer = lead.post(EDIT, data=form_of(lead.get(EDIT).text) | {"0.title": " ", "change": "wording"})
    assert (answer.status_code, "criteria[0].title: expected a text, got nothing" in answer.text) == (422, True)
    assert newest(services, project, "outbound").number == 1


def test_taking_a_question_away_is_a_change_of_meaning(services: Services, project: Project, lead: FlaskClient) -> None:
    form = form_of(lead.get(EDIT).text) | {"2.remove": "on"}
    assert lead.post(EDIT, data=form | {"change": "wording"}).status_code == 422
    assert lead.post(EDIT, data=form | {"change": "meaning"}).status_code == 302
    assert "right_person" not in {criterion.key for criterion in newest(services, project, "outbound").criteria}


def test_a_copy_is_a_scorecard_of_its_own(services: Services, project: Project, lead: FlaskClient) -> None:
    new = "/p/demo/scorecards/new?copy=outbound"
    form = form_of(lead.get(new).text)
    assert form["title"] == "Outbound call (copy)"
    assert lead.post(new, data=form | {"title": "Reminders"}).status_code == 302
    assert len(newest(services, project, "reminders").criteria) == len(newest(services, project, "outbound").criteria)
    again = lead.post(new, data=form | {"title": "Reminders!"})
    assert (again.status_code, "title: expected a new one" in again.text) == (422, True)
