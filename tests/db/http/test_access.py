"""Who sees what: every route there is, asked by everybody. A new route without a line here fails."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from evalhub.services import Services
from tests.db.http.conftest import As, Cast
from webui.access import MARK

pytestmark = pytest.mark.db

OPEN_TO_ALL = {"/static/<path:filename>", "/sign-in", "/link/<token>", "/healthz", "/readyz", "/favicon.ico"}
OPEN_TO_ANYBODY_SIGNED_IN = {"/", "/account", "/sign-out", "/projects"}
MAY = (
    ("/p/<project_slug>/upload", {"lead"}),
    ("/p/<project_slug>/waveforms", {"lead", "viewer"}),
    ("/p/<project_slug>/conversations/<path:conversation_id>/delete", {"lead"}),
    ("/p/<project_slug>/conversations/<path:conversation_id>/expectations", {"lead"}),
    ("/p/<project_slug>/conversations/<path:conversation_id>/timeline.json", {"lead", "viewer", "labeler"}),
    ("/p/<project_slug>/conversations/<path:conversation_id>/bodies", set()),
    ("/p/<project_slug>/conversations", {"lead", "viewer"}),
    ("/p/<project_slug>/recordings/<sha256>/contour", {"lead", "viewer"}),
    ("/p/<project_slug>/recordings", {"lead", "viewer", "labeler"}),
    ("/p/<project_slug>/dashboard", {"lead", "viewer"}),
    ("/p/<project_slug>/compare", {"lead", "viewer"}),
    ("/p/<project_slug>/agreement", {"lead", "viewer"}),
    ("/p/<project_slug>/scorecards/new", {"lead"}),
    ("/p/<project_slug>/scorecards/<key>/edit", {"lead"}),
    ("/p/<project_slug>/scorecards", {"lead", "viewer"}),
    ("/p/<project_slug>/waiting", {"lead", "viewer"}),
    ("/p/<project_slug>/judging", {"lead"}),
    ("/p/<project_slug>/queues", {"lead"}),
    ("/p/<project_slug>/label", {"lead", "labeler"}),
    ("/p/<project_slug>/settings/judge", {"lead"}),
    ("/p/<project_slug>/settings/rules", {"lead"}),
    ("/p/<project_slug>/settings/evaluation-rules", {"lead"}),
    ("/p/<project_slug>/settings", set()),
)
FOR_KEYS = {"/metrics", "/v1/traces", "/v1/logs", "/v1/metrics", "/v1/traces/ingest"}
FOR_LIVEKIT = {f"/observability/{kind}/otlp/v0" for kind in ("traces", "logs", "metrics")}
FOR_LIVEKIT |= {"/observability/recordings/v0"}
HOME = "/p/<project_slug>/"
READS = {"GET", "HEAD"}
VALUES = {"project_slug": "demo", "token": "guess", "sha256": "0" * 64, "key": "care", "track": "caller"}


def who_may(rule: str) -> set[str]:
    """The roles, besides admins, that a page is for."""
    if rule == HOME:
        return {"lead", "viewer", "labeler"}
    return next((roles for start, roles in MAY if rule.startswith(start)), {"no line in MAY"})


def pages(app: Flask) -> list[tuple[Rule, str, str]]:
    """(rule, method, path) of all that people may open in a project."""
    return [found for found in every(app) if found[0].rule.startswith("/p/")]


def every(app: Flask) -> list[tuple[Rule, str, str]]:
    adapter = app.url_map.bind("localhost")
    found = []
    for rule in app.url_map.iter_rules():
        values = {name: VALUES.get(name, 1 if name.endswith("_id") else "x") for name in rule.arguments}
        path = adapter.build(rule.endpoint, values)
        found += [(rule, method, path) for method in sorted(rule.methods or ()) if method != "OPTIONS"]
    return found


def test_every_view_says_whom_it_is_for(app: Flask) -> None:
    unmarked = [name for name, view in app.view_functions.items() if not hasattr(view, MARK)]
    assert unmarked == ["static"]


def test_nobody_gets_in_without_signing_in(app: Flask, nobody: FlaskClient) -> None:
    let_in = []
    for rule, method, path in every(app):
        if rule.rule in OPEN_TO_ALL:
            continue
        answer = nobody.open(path, method=method)
        sent_away = answer.status_code == 302 and answer.location.startswith("/sign-in?next=")
        if not (answer.status_code == 401 or (sent_away and method in READS)):
            let_in.append((method, path, answer.status_code))
    assert let_in == []


def test_a_made_up_key_opens_nothing(app: Flask, nobody: FlaskClient) -> None:
    key = {"Authorization": "Bearer ehk_guessed"}
    answers = {
        (method, path): nobody.open(path, method=method, headers=key).status_code
        for rule, method, path in every(app)
        if rule.rule.startswith("/api/") or rule.rule in FOR_KEYS | FOR_LIVEKIT
    }
    assert set(answers.values()) == {401}


@pytest.mark.parametrize("role", ["lead", "labeler", "viewer"])
def test_each_role_sees_what_it_may_and_no_more(app: Flask, signed_in: As, role: str) -> None:
    client = signed_in(role)
    wrong = []
    for rule, method, path in pages(app):
        status = client.open(path, method=method).status_code
        if (status == 403) == (role in who_may(rule.rule)) and not path.endswith(("/timeline.json", "0" * 64, "peaks")):
            wrong.append((method, path, status))
    assert wrong == []


def test_admins_and_owners_may_open_every_page(app: Flask, signed_in: As) -> None:
    for name in ("admin", "owner"):
        client = signed_in(name)
        refused = [path for _, method, path in pages(app) if client.open(path, method=method).status_code in (401, 403)]
        assert refused == []


def test_a_stranger_does_not_learn_that_the_project_exists(app: Flask, signed_in: As) -> None:
    client = signed_in("stranger")
    here = {(method, path): client.open(path, method=method) for _, method, path in pages(app)}
    assert {answer.status_code for answer in here.values()} == {404}
    missing = client.get("/p/nowhere/dashboard")
    assert missing.text == client.get("/p/demo/dashboard").text


def test_every_other_page_is_written_down(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules() if not rule.rule.startswith(("/p/", "/api/"))}
    assert rules == OPEN_TO_ALL | OPEN_TO_ANYBODY_SIGNED_IN | FOR_KEYS | FOR_LIVEKIT


@pytest.mark.parametrize("name", ["admin", "lead", "labeler", "viewer", "stranger"])
def test_only_owners_make_projects(signed_in: As, name: str) -> None:
    assert signed_in(name).post("/projects", data={"slug": "new", "name": "New"}).status_code in (403, 422)
    assert signed_in("owner").get("/p/new/").status_code == 404


def test_an_ingest_key_sends_and_reads_nothing(app: Flask, nobody: FlaskClient, cast: Cast) -> None:
    key = {"Authorization": f"Bearer {cast.keys['ingest']}"}
    may = {
        (method, rule.rule)
        for rule, method, path in every(app)
        if rule.rule.startswith("/api/") and nobody.open(path, method=method, headers=key).status_code != 403
    }
    assert {method for method, _ in may} == {"POST", "PUT"}
    assert ("POST", "/api/v1/conversations") in may


def test_a_key_is_no_session_and_a_session_is_no_key(nobody: FlaskClient, signed_in: As, cast: Cast) -> None:
    key = {"Authorization": f"Bearer {cast.keys['full']}"}
    assert nobody.get("/p/demo/conversations", headers=key).status_code == 302
    assert signed_in("owner").get("/api/v1/conversations").status_code == 401


def test_keys_come_in_every_way_exporters_know(nobody: FlaskClient, cast: Cast) -> None:
    token = cast.keys["full"]
    assert nobody.get("/api/v1/conversations", headers={"x-api-key": token}).status_code == 200
    assert nobody.get("/api/v1/conversations", auth=("anything", token)).status_code == 200
    assert nobody.get("/api/v1/conversations", headers={"Authorization": f"bearer {token}"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["", "dashboard", "conversations", "queues", "scorecards", "settings/keys", "label", "settings/evaluation-rules"],
)
def test_pages_of_an_empty_project_open(signed_in: As, path: str) -> None:
    answer = signed_in("admin").get(f"/p/demo/{path}", follow_redirects=True)
    assert answer.status_code == 200
    assert "<h1" in answer.text


def test_somebody_disabled_is_out_at_once(signed_in: As, cast: Cast, services: Services) -> None:
    viewer = signed_in("viewer")
    assert viewer.get("/p/demo/dashboard").status_code == 200
    with services.work() as session:
        person = session.merge(cast.people["viewer"])
        person.disabled_at = person.created_at
    assert viewer.get("/p/demo/dashboard").status_code == 302
