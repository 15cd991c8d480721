"""Endpoints of vendors: what is stored of them, and how they are found again."""

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from evalhub.errors import BadInput, Conflict, NotFound, SetupError
from evalhub.integrations import endpoints
from evalhub.models import IntegrationEndpoint, Project

pytestmark = pytest.mark.db
OURS = "the secret of this installation"


def make(session: Session, project: Project, **given: object) -> tuple[IntegrationEndpoint, str]:
    wanted = {"vendor": "vapi", "name": "desk", "secret_key": OURS} | given
    return endpoints.make_endpoint(session, project.id, **wanted)


def test_an_endpoint_is_found_by_its_address_and_tells_its_secret(session: Session, project: Project) -> None:
    made, secret = make(session, project)
    found = endpoints.find_endpoint(session, "vapi", made.public_id)
    assert found is made
    assert endpoints.secret_of(found, OURS) == secret
    assert endpoints.find_endpoint(session, "retell", made.public_id) is None
    assert endpoints.find_endpoint(session, "vapi", "guessed") is None


def test_ids_and_made_secrets_cannot_be_guessed(session: Session, project: Project) -> None:
    made = [make(session, project) for _ in range(3)]
    assert len({endpoint.public_id for endpoint, _ in made} | {secret for _, secret in made}) == 6
    assert all(len(endpoint.public_id) >= 22 and len(secret) >= 43 for endpoint, secret in made)


def test_no_column_holds_the_secret(session: Session, project: Project) -> None:
    make(session, project, vendor="retell", secret="key_of_the_account")
    row = session.scalar(text("select row_to_json(e)::text || sealed_secret::text from integration_endpoint e"))
    assert "key_of_the_account" not in row
    assert b"key_of_the_account".hex() not in row


def test_another_installation_reads_no_secret(session: Session, project: Project) -> None:
    made, _ = make(session, project)
    with pytest.raises(SetupError, match="another EVALHUB_SECRET_KEY"):
        endpoints.secret_of(made, "another secret")


def test_livekit_is_found_by_its_api_key(session: Session, project: Project) -> None:
    own, _ = make(session, project, vendor="livekit", api_key=" APIabc ", secret="pasted")
    made, secret = make(session, project, vendor="livekit")
    assert endpoints.find_livekit(session, "APIabc") is own
    assert endpoints.find_livekit(session, made.api_key) is made
    assert made.api_key.startswith("API")
    assert endpoints.secret_of(made, OURS) == secret
    assert endpoints.find_livekit(session, "APIother") is None


def test_one_livekit_key_belongs_to_one_endpoint(session: Session, project: Project) -> None:
    make(session, project, vendor="livekit", api_key="APIabc")
    with pytest.raises(Conflict, match="is there already"):
        make(session, project, vendor="livekit", api_key="APIabc")
    assert len(endpoints.endpoints_of(session, project.id)) == 1


def test_a_rotated_secret_replaces_the_old_one_at_the_same_address(session: Session, project: Project) -> None:
    made, first = make(session, project)
    again, second = endpoints.rotate_secret(session, project.id, made.id, secret_key=OURS)
    assert (again.public_id, endpoints.secret_of(again, OURS)) == (made.public_id, second)
    assert first != second


def test_what_is_set_has_the_vendors_defaults(session: Session, project: Project) -> None:
    made, _ = make(session, project, settings={"scheme": "hmac", "signature_prefix": "sha256="})
    assert made.settings["fetch_recordings"] is False
    assert made.settings["payload_format"] == "{timestamp}.{body}"
    endpoints.change_settings(session, project.id, made.id, {"fetch_recordings": True})
    assert (made.settings["scheme"], made.settings["fetch_recordings"]) == ("x-vapi-secret", True)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"vendor": "bland"}, "vendor: expected vapi | retell | twilio | livekit"),
        ({"name": " "}, "name: expected what the endpoint is for"),
        ({"vendor": "retell"}, "secret: expected the API key that Retell signs webhooks with"),
        ({"vendor": "twilio", "secret": " "}, "secret: expected the account's auth token"),
        ({"secret": "two\nlines"}, "secret: expected at most 500 ASCII characters"),
        ({"settings": {"scheme": "none"}}, "scheme: expected"),
        ({"settings": {"scheme": "hmac", "payload_format": "{timestamp}"}}, "payload_format: expected a text with"),
        ({"settings": {"payload_format": "{body}{secret}"}}, "payload_format: expected a text with"),
        ({"settings": {"signature_header": "x y"}}, "signature_header: expected the name of a header"),
        (
            {"vendor": "twilio", "secret": "t", "settings": {"public_url": "javascript:alert(1)"}},
            "public_url: expected an address such as",
        ),
        ({"vendor": "livekit", "settings": {"fetch_recordings": True}}, "fetch_recordings"),
    ],
)
def test_an_endpoint_that_makes_no_sense_is_not_made(
    session: Session, project: Project, wrong: dict[str, object], said: str
) -> None:
    with pytest.raises(BadInput) as refused:
        make(session, project, **wrong)
    assert said in str(refused.value)
    assert endpoints.endpoints_of(session, project.id) == []


def test_a_deleted_endpoint_is_gone_and_one_of_another_project_is_not_there(session: Session, project: Project) -> None:
    made, _ = make(session, project)
    with pytest.raises(NotFound):
        endpoints.delete_endpoint(session, project.id + 1, made.id)
    endpoints.delete_endpoint(session, project.id, made.id)
    assert endpoints.find_endpoint(session, "vapi", made.public_id) is None
    with pytest.raises(NotFound):
        endpoints.rotate_secret(session, project.id, made.id, secret_key=OURS)


def test_use_is_noted_once_a_minute(session: Session, project: Project) -> None:
    made, _ = make(session, project)
    endpoints.note_use(session, made)
    session.refresh(made)
    first = made.last_used_at
    session.commit()
    endpoints.note_use(session, made)
    session.refresh(made)
    assert made.last_used_at == first
    session.execute(update(IntegrationEndpoint).values(last_used_at=text("now() - interval '2 minutes'")))
    endpoints.note_use(session, made)
    session.refresh(made)
    assert made.last_used_at > first
