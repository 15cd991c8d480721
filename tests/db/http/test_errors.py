"""What people and programs are told when something cannot be done; no fault leaves a page that breaks itself."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from evalhub.models import ApiKey
from evalhub.services import Services, open_services
from tests.db.http.conftest import As, Cast
from webui import create_app
from webui.access import SignedIn, public

pytestmark = pytest.mark.db
NOWHERE = "postgresql+psycopg://nobody:none@127.0.0.1:1/none"


@pytest.fixture
def without_database(services: Services, cast: Cast) -> FlaskClient:
    """Somebody is signed in, and the database is away."""
    away = open_services(replace(services.settings, database_url=NOWHERE))
    client = create_app(away).test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = SignedIn(cast.people["lead"]).get_id()
    return client


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_an_address_that_is_not_there_says_so(nobody: FlaskClient, method: str) -> None:
    program, person = (nobody.open(path, method=method) for path in ("/api/v1/nothing", "/nothing"))
    assert (program.status_code, person.status_code) == (404, 404)
    assert program.mimetype == "application/problem+json"
    assert program.json["detail"] == "There is nothing at this address."
    assert "There is nothing here" in person.text


def test_a_method_that_is_not_taken_says_which_are(nobody: FlaskClient) -> None:
    answer = nobody.put("/api/v1/conversations")
    assert answer.status_code == 405
    assert {"GET", "POST"} < set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/p/demo/settings/keys", {"name": "zero\0", "scope": "full"}),
        ("/p/demo/settings/members", {"email": "z@example.com", "name": "zero\0", "role": "viewer"}),
        (f"/p/demo/settings/members/{10**30}/remove", {}),
        (f"/p/demo/settings/keys/{10**30}/revoke", {}),
    ],
)
def test_what_cannot_be_stored_leaves_a_whole_page(signed_in: As, path: str, form: dict[str, str]) -> None:
    answer = signed_in("admin").post(path, data=form)
    assert answer.status_code == 400
    assert "cannot be stored" in answer.text
    assert "</html>" in answer.text


def test_a_refused_form_comes_back_as_it_was_and_keeps_nothing(signed_in: As, session: Session) -> None:
    answer = signed_in("admin").post("/p/demo/settings/keys", data={"name": "desk", "scope": "all"})
    assert answer.status_code == 422
    assert 'value="desk"' in answer.text
    assert "ingest | full" in answer.text
    assert session.scalar(select(ApiKey).filter_by(name="desk")) is None


def test_a_crash_names_the_line_of_the_log(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    app.add_url_rule("/crash", view_func=public(lambda: 1 // 0), endpoint="crash")
    answer = app.test_client().get("/crash", headers={"X-Request-ID": "seen-by-the-proxy"})
    assert (answer.status_code, answer.headers["X-Request-ID"]) == (500, "seen-by-the-proxy")
    assert "log as seen-by-the-proxy" in answer.text
    assert caplog.records[-1].exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize("given", ["", "two words", "line\tbreak", "x" * 65, "<script>"])
def test_a_request_gets_a_name_of_ours_unless_it_has_a_sane_one(nobody: FlaskClient, given: str) -> None:
    named = nobody.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert named != given
    assert len(named) == 16


def test_without_a_database_people_read_a_page(without_database: FlaskClient) -> None:
    for path in ("/", "/p/demo/", "/p/demo/conversations", "/sign-in"):
        answer = without_database.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2"), path
        assert "Try again in a moment" in answer.text


def test_without_a_database_programs_are_told_to_come_back(without_database: FlaskClient, cast: Cast) -> None:
    key = {"x-api-key": cast.keys["ingest"]}
    answer = without_database.post("/api/v1/conversations", json={"id": "a"}, headers=key)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert without_database.get("/healthz").status_code == 200
    assert without_database.get("/readyz").json["reason"] == "the database is away"


def test_who_may_not_see_a_page_still_finds_the_pages_of_the_project(signed_in: As) -> None:
    answer = signed_in("viewer").get("/p/demo/settings/keys")
    assert answer.status_code == 403
    assert 'href="/p/demo/dashboard"' in answer.text
    assert 'href="/p/demo/settings/keys"' not in answer.text
    assert 'href="/p/demo/label"' not in answer.text


def without_tokens(page: str) -> str:
    """A page as it is at any second: the forms' tokens tell the time."""
    return re.sub(r'(value|content)="[^"]{60,}"', "", page)


@pytest.mark.parametrize("path", ["nothing", "settings/nothing", "conversations/nothing"])
def test_an_address_of_a_project_that_leads_nowhere_keeps_its_pages_around(signed_in: As, path: str) -> None:
    answer = signed_in("viewer").get(f"/p/demo/{path}")
    assert answer.status_code == 404
    assert 'href="/p/demo/dashboard"' in answer.text
    assert 'href="/p/demo/settings/keys"' not in answer.text


def test_an_address_that_leads_nowhere_tells_others_nothing_of_the_project(signed_in: As, nobody: FlaskClient) -> None:
    for client in (signed_in("stranger"), nobody):
        there, nowhere = (client.get(f"/p/{slug}/nothing") for slug in ("demo", "not-there"))
        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert without_tokens(there.text) == without_tokens(nowhere.text)
    assert signed_in("viewer").get("/p/a%00b/nothing").status_code == 404


def test_an_address_without_what_it_needs_is_told_in_plain_words(signed_in: As) -> None:
    answer = signed_in("lead").get("/p/demo/scorecards/new")
    assert answer.status_code == 400
    assert "Something is missing in this address or form." in answer.text
