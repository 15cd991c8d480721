"""The page of endpoints: made and shown once, changed, given a new secret, deleted, all of it in the audit log."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from evalhub.integrations.endpoints import make_endpoint, secret_of
from evalhub.models import AuditEntry, IntegrationEndpoint
from evalhub.services import Services
from tests.db.http.conftest import As, Cast

pytestmark = pytest.mark.db
PAGE = "/p/demo/settings/integrations"


def add(client: FlaskClient, **form: str) -> str:
    """Makes an endpoint on the page; returns the page that shows its secret."""
    return client.post(PAGE, data={"vendor": "vapi", "name": "desk"} | form).text


def shown(page: str, name: str) -> str:
    return re.search(f'<code id="{name}">([^<]+)</code>', page)[1]


def only(session: Session) -> IntegrationEndpoint:
    session.rollback()
    return session.scalars(select(IntegrationEndpoint)).one()


def test_an_endpoint_shows_its_address_always_and_its_secret_once(
    signed_in: As, session: Session, services: Services
) -> None:
    admin = signed_in("admin")
    page = add(admin)
    made = only(session)
    assert shown(page, "url") == f"http://localhost/api/v1/webhooks/vapi/{made.public_id}"
    assert secret_of(made, services.settings.secret_key) == shown(page, "secret")
    again = admin.get(PAGE).text
    assert shown(again, f"address-{made.id}") == shown(page, "url")
    assert shown(page, "secret") not in again


def test_a_public_address_is_what_is_pasted(signed_in: As) -> None:
    page = add(signed_in("admin"), vendor="twilio", secret="token", public_url="https://evals.example.com/hub/")
    assert shown(page, "url").startswith("https://evals.example.com/hub/api/v1/webhooks/twilio/")


def test_livekit_gets_lines_for_its_environment(signed_in: As, session: Session) -> None:
    page = add(signed_in("admin"), vendor="livekit")
    assert shown(page, "url") == "LIVEKIT_OBSERVABILITY_URL=http://localhost"
    assert shown(page, "api-key") == f"LIVEKIT_API_KEY={only(session).api_key}"
    assert len(shown(page, "secret").removeprefix("LIVEKIT_API_SECRET=")) >= 43


def test_settings_are_changed_and_emptied_ones_are_the_default(signed_in: As, session: Session) -> None:
    admin = signed_in("admin")
    add(admin, scheme="hmac", signature_header="x-mine", fetch_recordings="on")
    made = only(session)
    assert made.settings["signature_header"] == "x-mine"
    assert made.settings["fetch_recordings"] is True
    assert admin.post(f"{PAGE}/{made.id}/settings", data={"scheme": "hmac", "signature_header": ""}).status_code == 302
    changed = only(session).settings
    assert (changed["signature_header"], changed["fetch_recordings"]) == ("x-signature", False)


def test_a_new_secret_is_shown_once_too(signed_in: As, session: Session, services: Services) -> None:
    admin = signed_in("admin")
    first = shown(add(admin), "secret")
    page = admin.post(f"{PAGE}/{only(session).id}/rotate").text
    assert shown(page, "secret") == secret_of(only(session), services.settings.secret_key) != first


def test_a_secret_that_cannot_be_read_any_more_is_said(signed_in: As, services: Services) -> None:
    admin = signed_in("admin")
    add(admin)
    assert "cannot be read any more" not in admin.get(PAGE).text
    with services.work() as session:
        session.execute(update(IntegrationEndpoint).values(sealed_secret=b"sealed elsewhere"))
    assert "cannot be read any more" in admin.get(PAGE).text


def test_what_makes_no_sense_is_said_and_nothing_is_made(signed_in: As, session: Session) -> None:
    answer = signed_in("admin").post(PAGE, data={"vendor": "retell", "name": "desk", "secret": ""})
    assert answer.status_code == 422
    assert "the API key that Retell signs webhooks with" in answer.text
    assert session.scalars(select(IntegrationEndpoint)).all() == []


def test_nobody_touches_the_endpoint_of_another_project(signed_in: As, cast: Cast, services: Services) -> None:
    with services.work() as session:
        made, _ = make_endpoint(session, cast.other.id, secret_key="s", vendor="vapi", name="foreign")
    admin = signed_in("admin")
    assert {admin.post(f"{PAGE}/{made.id}/{do}").status_code for do in ("settings", "rotate", "delete")} == {404}
    assert "foreign" not in admin.get(PAGE).text


def test_everything_is_in_the_audit_log_and_no_secret_is(signed_in: As, session: Session) -> None:
    admin = signed_in("admin")
    secret = shown(add(admin), "secret")
    number = only(session).id
    for do in ("settings", "rotate", "delete"):
        admin.post(f"{PAGE}/{number}/{do}", data={"scheme": "bearer"})
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action for entry in entries] == [
        f"endpoint.{did}" for did in ("created", "changed", "rotated", "deleted")
    ]
    assert {(entry.actor, entry.subject) for entry in entries} == {("admin@example.com", "desk")}
    assert secret not in str([entry.details for entry in entries])
    assert session.scalars(select(IntegrationEndpoint)).all() == []
