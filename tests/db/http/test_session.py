"""Coming in and going out, and what keeps a browser from being used against the person in front of it."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from evalhub.accounts.links import make_link
from evalhub.accounts.people import set_password
from evalhub.models import SignInLink
from evalhub.services import Services
from tests.db.http.conftest import As, Cast

pytestmark = pytest.mark.db
PASSWORD = "correct horse battery"
RIGHT = {"email": "viewer@example.com", "password": PASSWORD}
HOME = "/p/demo/"


@pytest.fixture
def viewer(services: Services, cast: Cast) -> None:
    """The viewer has a password."""
    with services.work() as session:
        set_password(session.merge(cast.people["viewer"]), PASSWORD)


def new_link(services: Services, cast: Cast, name: str = "viewer", purpose: str = "invite") -> str:
    with services.work() as session:
        return f"/link/{make_link(session, session.merge(cast.people[name]), purpose)}"


def submit(client: FlaskClient, path: str, **form: str):  # type: ignore[no-untyped-def]
    """Sends a form as a browser does, with the token of its page."""
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get(path).text)
    return client.post(path, data=form | {"csrf_token": token[1]})


def is_in(client: FlaskClient) -> bool:
    return client.get(HOME).status_code == 200


def test_the_right_password_opens(nobody: FlaskClient, viewer: None) -> None:
    answer = submit(nobody, "/sign-in", **RIGHT)
    assert (answer.status_code, answer.location) == (302, "/")
    assert is_in(nobody)
    assert nobody.get("/sign-in").location == "/"


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong"}, {"password": ""}, {"email": "nobody@example.com"}, {"email": "a\x00b"}]
)
def test_a_wrong_password_tells_nothing(nobody: FlaskClient, viewer: None, wrong: dict[str, str]) -> None:
    answer = submit(nobody, "/sign-in", **(RIGHT | wrong))
    assert answer.status_code == 400
    assert "do not belong together" in answer.text or "cannot be stored" in answer.text
    assert not is_in(nobody)


def test_somebody_without_a_password_cannot_sign_in_with_none(nobody: FlaskClient, cast: Cast) -> None:
    assert submit(nobody, "/sign-in", email="lead@example.com", password="").status_code == 400


def test_guessing_is_slowed_down(nobody: FlaskClient) -> None:
    *answers, last = [submit(nobody, "/sign-in", email="nobody", password="x") for _ in range(21)]
    assert {answer.status_code for answer in answers} == {400}
    assert (last.status_code, last.headers["Retry-After"].isdecimal()) == (429, True)
    assert "Too many tries from your address. Wait" in last.text
    assert 'name="password"' in last.text
    assert 'value="nobody"' in last.text


def test_who_tried_too_many_links_is_led_to_sign_in(nobody: FlaskClient) -> None:
    last = [nobody.get(f"/link/guess-{number}") for number in range(21)][-1]
    assert last.status_code == 429
    assert 'href="/sign-in">Sign in</a>' in last.text
    assert "Go to your projects" not in last.text


def test_one_goes_on_to_where_one_wanted_to(nobody: FlaskClient, viewer: None) -> None:
    asked = nobody.get("/p/demo/conversations?agent=a b")
    answer = submit(nobody, asked.location, **RIGHT)
    assert answer.location == "/p/demo/conversations?agent=a%20b"
    assert nobody.get(answer.location).status_code == 200


@pytest.mark.parametrize(
    "evil", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "\\"]
)
def test_nobody_is_sent_elsewhere(nobody: FlaskClient, viewer: None, evil: str) -> None:
    page = nobody.get("/sign-in", query_string={"next": evil})
    token = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
    form = RIGHT | {"csrf_token": token[1]}
    assert nobody.post("/sign-in", query_string={"next": evil}, data=form).location == "/"


def test_a_link_works_once(nobody: FlaskClient, app: Flask, services: Services, cast: Cast) -> None:
    link = new_link(services, cast)
    assert submit(nobody, link).location == "/account"
    assert is_in(nobody)
    again = app.test_client()
    assert again.get(link).status_code == 410
    assert not is_in(again)


def test_looking_at_a_link_does_not_use_it_up(nobody: FlaskClient, services: Services, cast: Cast) -> None:
    link = new_link(services, cast)
    assert [nobody.get(link).status_code for _ in range(3)] == [200, 200, 200]
    assert not is_in(nobody)
    assert submit(nobody, link).status_code == 302


def test_an_old_link_is_spent(nobody: FlaskClient, services: Services, cast: Cast) -> None:
    link = new_link(services, cast)
    token = re.search(r'name="csrf-token" content="([^"]+)"', nobody.get(link).text)
    with services.work() as session:
        session.execute(update(SignInLink).values(expires_at=datetime.now(UTC)))
    assert nobody.get(link).status_code == 410
    assert nobody.post(link, data={"csrf_token": token[1]}).status_code == 410
    assert not is_in(nobody)


def test_a_new_link_replaces_the_one_before(nobody: FlaskClient, services: Services, cast: Cast) -> None:
    first, second = new_link(services, cast), new_link(services, cast)
    assert (nobody.get(first).status_code, nobody.get(second).status_code) == (410, 200)


def test_a_new_password_ends_other_sessions(app: Flask, nobody: FlaskClient, viewer: None) -> None:
    here, there = app.test_client(), app.test_client()
    for client in (here, there):
        submit(client, "/sign-in", **RIGHT)
    changed = submit(here, "/account", name="V", password="a new password", current=PASSWORD)
    assert changed.status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert submit(nobody, "/sign-in", **RIGHT).status_code == 400


def test_a_short_password_is_refused_and_changes_nothing(nobody: FlaskClient, viewer: None) -> None:
    submit(nobody, "/sign-in", **RIGHT)
    answer = submit(nobody, "/account", name="Somebody else", password="short", current=PASSWORD)
    assert answer.status_code == 422
    assert "at least 10 characters" in answer.text
    assert "Somebody else" not in nobody.get("/account").text


def test_an_open_session_is_not_enough_to_take_the_account(nobody: FlaskClient, viewer: None) -> None:
    submit(nobody, "/sign-in", **RIGHT)
    answer = submit(nobody, "/account", password="a new password", current="guessed")
    assert answer.status_code == 422
    assert "current password" in answer.text


def test_who_forgot_the_password_comes_by_link_and_sets_a_new_one(
    nobody: FlaskClient, viewer: None, services: Services, cast: Cast
) -> None:
    link = new_link(services, cast, purpose="reset")
    assert submit(nobody, link).location == "/account"
    assert submit(nobody, "/account", password="a new password").status_code == 302
    assert is_in(nobody)


def test_sign_out(nobody: FlaskClient, viewer: None) -> None:
    submit(nobody, "/sign-in", **RIGHT)
    token = re.search(r'name="csrf-token" content="([^"]+)"', nobody.get("/account").text)
    assert nobody.post("/sign-out", data={"csrf_token": token[1]}).location == "/sign-in"
    assert not is_in(nobody)


@pytest.mark.parametrize("path", ["/sign-in", "/link/x"])
def test_a_form_without_its_token_is_refused(nobody: FlaskClient, viewer: None, path: str) -> None:
    answer = nobody.post(path, data=RIGHT)
    assert answer.status_code == 400
    assert not is_in(nobody)


def test_a_foreign_page_cannot_make_a_key(app: Flask, signed_in: As) -> None:
    admin = signed_in("admin")
    app.config["WTF_CSRF_METHODS"] = {"POST", "PUT", "PATCH", "DELETE"}
    answer = admin.post("/p/demo/settings/keys", data={"name": "stolen", "scope": "full"})
    assert answer.status_code == 400
    assert "stolen" not in admin.get("/p/demo/settings/keys").text


PAGES = [
    "/sign-in",
    "/p/demo/",
    "/p/demo/settings/keys",
    "/nowhere",
    "/p/nowhere/",
    "/healthz",
    "/link/x",
    "/api/v1/import",
]


@pytest.mark.parametrize("path", [*PAGES, "/api/v1/conversations"])
def test_every_answer_carries_the_headers_that_protect(signed_in: As, path: str) -> None:
    headers = signed_in("admin").get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/sign-in", "/p/demo/", "/p/demo/conversations", "/p/demo/settings/keys", "/nowhere"])
def test_no_page_needs_what_the_policy_forbids(signed_in: As, path: str) -> None:
    page = signed_in("admin").get(path, follow_redirects=True).text
    scripts = re.findall(r"<script(?![^>]*(?:src=|application/json))", page)
    assert scripts == []
    assert not re.search(r'<style|\sstyle="|\son\w+="', page)


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(nobody: FlaskClient, viewer: None) -> None:
    sent = submit(nobody, "/sign-in", **RIGHT).headers["Set-Cookie"]
    assert "HttpOnly" in sent
    assert "SameSite=Lax" in sent


def test_over_https_the_browser_is_told_to_stay_there(nobody: FlaskClient) -> None:
    assert "Strict-Transport-Security" in nobody.get("/sign-in", base_url="https://localhost").headers
    assert "Strict-Transport-Security" not in nobody.get("/sign-in").headers


def test_the_probes_answer(nobody: FlaskClient) -> None:
    assert nobody.get("/healthz").json == {"status": "alive"}
    assert nobody.get("/readyz").json == {"status": "ready"}
    assert nobody.get("/favicon.ico").status_code == 204
