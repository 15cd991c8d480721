"""What a first start makes from the environment, and that later starts change nothing."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evalhub.accounts.keys import find_key, revoke_key
from evalhub.accounts.links import use_link
from evalhub.accounts.people import set_password, sign_in
from evalhub.accounts.projects import bootstrap, first_admin_link
from evalhub.models import ApiKey, Project, User

pytestmark = pytest.mark.db
ENV = {
    "EVALHUB_BOOTSTRAP_ADMIN_EMAIL": "Ops@Example.com",
    "EVALHUB_BOOTSTRAP_ADMIN_PASSWORD": "first password",
    "EVALHUB_BOOTSTRAP_API_KEY": "ehk_from_the_environment",
}


def test_the_environment_names_the_first_admin_and_key(session: Session, project: Project) -> None:
    bootstrap(session, ENV)
    admin = sign_in(session, "ops@example.com", "first password")
    assert admin is not None
    assert admin.is_owner
    assert find_key(session, "ehk_from_the_environment").project_id == project.id


def test_later_starts_keep_what_people_changed(session: Session, project: Project) -> None:
    bootstrap(session, ENV)
    set_password(session.scalars(select(User)).one(), "changed since")
    revoke_key(session, project.id, find_key(session, "ehk_from_the_environment").id)
    bootstrap(session, ENV)
    assert sign_in(session, "ops@example.com", "changed since")
    assert find_key(session, "ehk_from_the_environment") is None
    assert session.scalar(select(func.count()).select_from(ApiKey)) == 1


def test_an_empty_environment_makes_nobody(session: Session, project: Project) -> None:
    bootstrap(session, {})
    assert session.scalars(select(User)).all() == []


def test_the_first_admin_comes_by_link_until_they_have_a_password(session: Session) -> None:
    first, second = first_admin_link(session), first_admin_link(session)
    assert use_link(session, first) is None
    admin = use_link(session, second)
    assert admin.is_owner
    set_password(admin, "a long enough password")
    session.flush()
    assert first_admin_link(session) is None
