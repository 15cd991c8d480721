"""How pages travel: caches, proxies, limits; and that neither the broker nor a slow sender holds anybody up."""

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from evalhub.accounts.people import set_password
from evalhub.models import ApiKey
from evalhub.services import Services
from evalhub.settings import Settings
from tests.db.http.conftest import Cast, Program
from webui import create_app
from webui.doorbell import CeleryDoorbell
from webui.pages import BUILT

pytestmark = pytest.mark.db
FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "calls.example.com", "X-Forwarded-For": "9.9.9.9"}
SHORT_WAV = b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\0\0\x80>\0\0\2\0\x10\0data\0\0\0\0"


@pytest.mark.skipif(not (BUILT / "app.js").exists(), reason="the front end is not built: make build")
def test_built_files_are_kept_by_browsers_while_their_address_lasts(nobody: FlaskClient) -> None:
    paths = ("app.js?v=0", "app.js", "nothing.js?v=0")
    answers = [nobody.get(f"/static/built/{path}", buffered=True) for path in paths]
    kept = [answer.headers["Cache-Control"] for answer in answers]
    assert kept == ["public, max-age=31536000, immutable", "no-cache", "no-store"]


@pytest.mark.parametrize(("proxies", "secure"), [(0, False), (1, True)])
def test_a_proxy_is_believed_only_where_there_is_one(
    services: Services, cast: Cast, proxies: int, secure: bool
) -> None:
    settings = replace(services.settings, proxies=proxies)
    page = create_app(replace(services, settings=settings)).test_client().get("/sign-in", headers=FORWARDED)
    assert ("; Secure" in page.headers["Set-Cookie"]) is secure
    assert ("Strict-Transport-Security" in page.headers) is secure


def test_a_proxy_names_the_host_in_links(services: Services, cast: Cast) -> None:
    behind = create_app(replace(services, settings=replace(services.settings, proxies=1)))
    key = {"x-api-key": cast.keys["full"]}
    sent = behind.test_client().post("/api/v1/conversations", json={"id": "a"}, headers=FORWARDED | key)
    assert sent.json["url"] == "https://calls.example.com/p/demo/conversations/a"


def test_guessing_is_counted_and_coming_in_is_not(app: Flask, services: Services, cast: Cast) -> None:
    app.config["WTF_CSRF_METHODS"] = set()
    with services.work() as session:
        set_password(session.merge(cast.people["viewer"]), "a long enough password")
    right = {"email": "viewer@example.com", "password": "a long enough password"}
    assert {app.test_client().post("/sign-in", data=right).status_code for _ in range(25)} == {302}
    guesses = [app.test_client().post("/link/guess") for _ in range(21)]
    assert [guess.status_code for guess in guesses] == [410] * 20 + [429]
    assert int(guesses[-1].headers["Retry-After"]) in range(1, 62)
    assert "Too many tries" in guesses[-1].text


@pytest.mark.parametrize("way", ["bearer", "basic", "user", "header"])
def test_a_key_comes_as_exporters_send_it(nobody: FlaskClient, cast: Cast, way: str) -> None:
    key = cast.keys["full"]
    sent = {
        "bearer": {"headers": {"Authorization": f"Bearer {key}"}},
        "basic": {"auth": ("public", key)},
        "user": {"auth": (key, "")},
        "header": {"headers": {"x-api-key": key}},
    }
    assert nobody.get("/api/v1/conversations", **sent[way]).status_code == 200


class Slow(io.BytesIO):
    """A recording on a slow line: while it is being read, somebody else sends with the same key."""

    meanwhile: Iterator[int]
    seen: int = 0

    def readinto(self, place: bytearray) -> int:
        self.seen = next(self.meanwhile, self.seen)
        return super().readinto(place)


def test_a_slow_recording_holds_nobody_up(services: Services, ingest: Program, session: Session) -> None:
    other = Program(create_app(services).test_client(), ingest.token)  # another server process
    slow = Slow(SHORT_WAV)
    slow.meanwhile = (other("POST", "conversations", json={"id": name}).status_code for name in ("b", "c"))
    answer = ingest("PUT", "conversations/a/recordings/caller", input_stream=slow)
    assert (answer.status_code, slow.seen) == (201, 202)
    assert session.scalar(select(ApiKey.last_used_at).filter_by(name="ingest")) is not None


def test_a_dead_broker_fails_no_request(services: Services, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    dead = CeleryDoorbell(Settings(data_dir=services.settings.data_dir, broker_url="redis://127.0.0.1:1/0"))
    client = create_app(replace(services, ring=dead)).test_client()
    sent = client.post("/api/v1/conversations", json={"id": "a"}, headers={"x-api-key": cast.keys["full"]})
    assert sent.status_code == 202
    dead("analyse_recording", project_id=1, sha256="0")
    assert "the broker is away" in caplog.text
