"""The web application on a real database, with a cast: who may do what in project demo, and a stranger of another."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from evalhub.accounts.keys import make_key
from evalhub.accounts.people import set_role
from evalhub.models import Project, User
from evalhub.services import Services
from evalhub.traces.inbox import parse_waiting
from webui import create_app
from webui.access import SignedIn

ROLES = ("admin", "lead", "labeler", "viewer")
As = Callable[[str], FlaskClient]


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Everybody by name, and the tokens of the keys: `full` and `ingest` of demo, `foreign` of the other project."""

    people: dict[str, User]
    keys: dict[str, str]
    other: Project


@dataclass(frozen=True)
class Program:
    """A program that sends its key with every request."""

    client: FlaskClient
    token: str

    def __call__(self, method: str, path: str, **request):  # type: ignore[no-untyped-def]
        headers = {"Authorization": f"Bearer {self.token}"} | request.pop("headers", {})
        return self.client.open(f"/api/v1/{path}", method=method, headers=headers, **request)


@pytest.fixture
def services(services: Services) -> Services:
    """With a key to sign sessions."""
    return replace(services, settings=replace(services.settings, secret_key="not a secret, a test" * 2))


@pytest.fixture
def cast(services: Services, project: Project) -> Cast:
    """Committed people and keys."""
    with services.work() as session:
        other = Project(slug="other", name="Other")
        people = {name: User(email=f"{name}@example.com", name=name) for name in (*ROLES, "stranger", "owner")}
        people["owner"].is_owner = True
        session.add_all([other, *people.values()])
        session.flush()
        for role in ROLES:
            set_role(session, project.id, people[role].id, role)
        set_role(session, other.id, people["stranger"].id, "admin")
        wanted = {"full": (project, "full"), "ingest": (project, "ingest"), "foreign": (other, "full")}
        keys = {
            name: make_key(session, where.id, name=name, scope=scope, days=None, by="test")[1]
            for name, (where, scope) in wanted.items()
        }
    return Cast(people=people, keys=keys, other=other)


@pytest.fixture
def app(services: Services, cast: Cast) -> Flask:
    return create_app(services)


@pytest.fixture
def nobody(app: Flask) -> FlaskClient:
    """A browser that is not signed in."""
    return app.test_client()


@pytest.fixture
def signed_in(app: Flask, cast: Cast) -> As:
    """Opens a browser where somebody of the cast is signed in; forms need no token there."""
    app.config["WTF_CSRF_METHODS"] = set()

    def open_as(name: str) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = SignedIn(cast.people[name]).get_id()
        return client

    return open_as


@pytest.fixture
def api(app: Flask, cast: Cast) -> Program:
    """A program with a full key of demo."""
    return Program(app.test_client(), cast.keys["full"])


@pytest.fixture
def ingest(app: Flask, cast: Cast) -> Program:
    """A program that may only send."""
    return Program(app.test_client(), cast.keys["ingest"])


@pytest.fixture
def foreign(app: Flask, cast: Cast) -> Program:
    """A program of another project."""
    return Program(app.test_client(), cast.keys["foreign"])


@pytest.fixture
def parse(services: Services) -> Callable[[], int]:
    """Parses what waits, as a worker would."""
    return lambda: parse_waiting(services)
