"""API keys: made and shown once, stored as a hash, ended by time or by hand."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from evalhub.accounts.tokens import hash_of
from evalhub.models import ApiKey, AuditEntry
from evalhub.services import Services
from tests.db.http.conftest import As, Cast
from webui import known_keys

pytestmark = pytest.mark.db
KEYS = "/p/demo/settings/keys"
LIST = "/api/v1/conversations"


def make(client: FlaskClient, **form: str) -> str:
    """Makes a key on the page and reads its token there."""
    page = client.post(KEYS, data={"name": "desk", "scope": "full", "days": ""} | form).text
    return re.search(r'<code id="token">(ehk_[^<]+)</code>', page)[1]


def may_read(client: FlaskClient, token: str) -> bool:
    return client.get(LIST, headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_a_key_is_shown_once_and_works(signed_in: As, nobody: FlaskClient) -> None:
    admin = signed_in("admin")
    token = make(admin)
    assert may_read(nobody, token)
    again = admin.get(KEYS).text
    assert token not in again
    assert f"ehk_…{token[-4:]}" in again


def test_only_the_hash_is_stored(signed_in: As, session: Session) -> None:
    token = make(signed_in("admin"))
    key = session.scalars(select(ApiKey).filter_by(name="desk")).one()
    assert key.key_hash == hash_of(token)
    whole_row = session.scalar(text("select row_to_json(k)::text from api_key k where name = 'desk'"))
    assert token.removeprefix("ehk_") not in whole_row


def test_a_revoked_key_is_turned_away_at_once(signed_in: As, nobody: FlaskClient, session: Session) -> None:
    admin = signed_in("admin")
    token = make(admin)
    number = session.scalar(select(ApiKey.id).filter_by(name="desk"))
    assert admin.post(f"{KEYS}/{number}/revoke").status_code == 302
    assert not may_read(nobody, token)
    assert admin.post(f"{KEYS}/{number}/revoke").status_code == 404


def test_an_expired_key_is_turned_away(services: Services, nobody: FlaskClient, cast: Cast) -> None:
    with services.work() as session:
        session.execute(update(ApiKey).values(expires_at=datetime.now(UTC)))
    assert not may_read(nobody, cast.keys["full"])


def test_a_key_that_expires_while_it_is_remembered_is_turned_away(
    services: Services, app: Flask, nobody: FlaskClient, cast: Cast
) -> None:
    with services.work() as session:
        session.execute(update(ApiKey).values(expires_at=datetime.now(UTC) + timedelta(hours=1)))
    assert may_read(nobody, cast.keys["full"])
    [(_, key, _)] = app.extensions["evalhub_keys"].known.values()
    key.expires_at = datetime.now(UTC)
    assert not may_read(nobody, cast.keys["full"])


def test_another_process_learns_of_a_revoked_key_with_its_next_look(
    services: Services, nobody: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_keys, "KNOWN_S", -1.0)
    assert may_read(nobody, cast.keys["full"])
    with services.work() as session:
        session.execute(update(ApiKey).values(revoked_at=datetime.now(UTC)))
    assert not may_read(nobody, cast.keys["full"])


def test_nobody_revokes_the_key_of_another_project(signed_in: As, cast: Cast, session: Session) -> None:
    number = session.scalar(select(ApiKey.id).filter_by(name="foreign"))
    assert signed_in("admin").post(f"{KEYS}/{number}/revoke").status_code == 404
    assert may_read(signed_in("viewer"), cast.keys["foreign"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"scope": "everything"}, "ingest | full"),
        ({"name": " "}, "what the key is for"),
        ({"days": "0"}, "days: expected a whole number"),
        ({"days": "-5"}, "days: expected a whole number"),
        ({"days": "soon"}, "days: expected a whole number"),
        ({"days": "²"}, "days: expected a whole number"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    signed_in: As, session: Session, wrong: dict[str, str], said: str
) -> None:
    answer = signed_in("admin").post(KEYS, data={"name": "desk", "scope": "full"} | wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert session.scalars(select(ApiKey).filter_by(created_by="admin@example.com")).all() == []


def test_making_and_revoking_is_in_the_audit_log(signed_in: As, session: Session) -> None:
    admin = signed_in("admin")
    make(admin)
    number = session.scalar(select(ApiKey.id).filter_by(name="desk"))
    admin.post(f"{KEYS}/{number}/revoke")
    entries = session.execute(select(AuditEntry.actor, AuditEntry.action, AuditEntry.subject).order_by(AuditEntry.id))
    assert entries.all() == [
        ("admin@example.com", "key.created", "desk"),
        ("admin@example.com", "key.revoked", "desk"),
    ]


def test_the_use_of_a_key_is_seen(signed_in: As, nobody: FlaskClient, session: Session) -> None:
    token = make(signed_in("admin"))
    assert session.scalar(select(ApiKey.last_used_at).filter_by(name="desk")) is None
    session.rollback()
    nobody.get(f"{LIST}/unknown", headers={"Authorization": f"Bearer {token}"})
    assert session.scalar(select(ApiKey.last_used_at).filter_by(name="desk")) is not None
