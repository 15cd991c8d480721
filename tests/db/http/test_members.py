"""Members: invited, given another role, taken out; nobody gets hold of what is not theirs to give."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from evalhub.accounts.people import set_role
from evalhub.models import AuditEntry, Membership, Project, User
from evalhub.services import Services
from tests.db.http.conftest import As, Cast

pytestmark = pytest.mark.db
MEMBERS = "/p/demo/settings/members"


def link_in(page: str) -> str | None:
    found = re.search(r"https?://[^/\s]+(/link/[\w-]+)", page)
    return found and found[1]


def act(client: FlaskClient, cast: Cast, name: str, action: str, **form: str):  # type: ignore[no-untyped-def]
    return client.post(f"{MEMBERS}/{cast.people[name].id}/{action}", data=form)


def role_of(session: Session, email: str) -> str | None:
    query = select(Membership.role).join(Membership.user).where(User.email == email, Project.slug == "demo")
    return session.scalar(query.join(Project, Project.id == Membership.project_id))


def test_somebody_new_comes_in_by_the_link_of_the_invitation(signed_in: As, nobody: FlaskClient) -> None:
    page = signed_in("admin").post(MEMBERS, data={"email": "New@Example.com", "role": "viewer"}).text
    assert "new@example.com" in page
    assert nobody.post(link_in(page)).status_code == 302
    assert nobody.get("/p/demo/").status_code == 200


@pytest.mark.parametrize("name", ["stranger", "owner"])
def test_an_invitation_does_not_open_the_other_doors_of_somebody(signed_in: As, name: str, session: Session) -> None:
    page = signed_in("admin").post(MEMBERS, data={"email": f"{name}@example.com", "role": "viewer"}).text
    assert link_in(page) is None
    assert role_of(session, f"{name}@example.com") == "viewer"


@pytest.mark.parametrize("wrong", [{"email": "nobody"}, {"email": "a b@example.com"}, {"role": "owner"}, {"role": ""}])
def test_an_invitation_that_makes_no_sense_adds_nobody(signed_in: As, session: Session, wrong: dict[str, str]) -> None:
    form = {"email": "new@example.com", "role": "viewer"} | wrong
    assert signed_in("admin").post(MEMBERS, data=form).status_code == 422
    assert session.scalar(select(User).filter_by(email="new@example.com")) is None


def test_a_new_role_counts_at_once(signed_in: As, cast: Cast) -> None:
    viewer = signed_in("viewer")
    assert viewer.get("/p/demo/queues").status_code == 403
    assert act(signed_in("admin"), cast, "viewer", "role", role="lead").status_code == 302
    assert viewer.get("/p/demo/queues").status_code == 200


def test_who_is_taken_out_is_out_at_once(signed_in: As, cast: Cast) -> None:
    viewer = signed_in("viewer")
    assert act(signed_in("admin"), cast, "viewer", "remove").status_code == 302
    assert viewer.get("/p/demo/").status_code == 404


def test_the_last_admin_stays(signed_in: As, cast: Cast, session: Session) -> None:
    admin = signed_in("admin")
    assert act(admin, cast, "admin", "role", role="viewer").status_code == 409
    assert act(admin, cast, "admin", "remove").status_code == 409
    assert role_of(session, "admin@example.com") == "admin"
    act(admin, cast, "lead", "role", role="admin")
    assert act(admin, cast, "admin", "remove").status_code == 302


def test_a_reset_gives_a_link_to_pass_on(signed_in: As, cast: Cast, nobody: FlaskClient) -> None:
    link = link_in(act(signed_in("admin"), cast, "viewer", "reset").text)
    assert nobody.post(link).location == "/account"


def test_a_reset_of_somebody_of_another_project_is_refused(signed_in: As, cast: Cast, services: Services) -> None:
    with services.work() as session:
        set_role(session, cast.other.id, cast.people["viewer"].id, "viewer")
    refused = act(signed_in("admin"), cast, "viewer", "reset")
    assert refused.status_code == 422
    assert link_in(refused.text) is None
    assert link_in(act(signed_in("owner"), cast, "viewer", "reset").text)


@pytest.mark.parametrize("action", ["role", "reset", "remove"])
def test_people_of_other_projects_are_none_of_its_business(signed_in: As, cast: Cast, action: str) -> None:
    assert act(signed_in("admin"), cast, "stranger", action, role="viewer").status_code in (404, 422)
    assert act(signed_in("owner"), cast, "owner", action, role="viewer").status_code in (404, 422)


def test_who_invited_and_changed_whom_is_written_down(signed_in: As, cast: Cast, session: Session) -> None:
    admin = signed_in("admin")
    admin.post(MEMBERS, data={"email": "new@example.com", "role": "viewer"})
    act(admin, cast, "viewer", "role", role="lead")
    act(admin, cast, "viewer", "remove")
    entries = session.execute(select(AuditEntry.action, AuditEntry.subject).order_by(AuditEntry.id)).all()
    assert entries == [
        ("member.invited", "new@example.com"),
        ("member.role", "viewer@example.com"),
        ("member.removed", "viewer@example.com"),
    ]


@pytest.mark.parametrize("quiet", ["4", "86401", "-1", "", "soon", "²"])
def test_a_quiet_period_out_of_range_is_refused(signed_in: As, session: Session, quiet: str) -> None:
    answer = signed_in("admin").post("/p/demo/settings/project", data={"name": "Else", "quiet_period_s": quiet})
    assert answer.status_code == 422
    assert session.execute(select(Project.name, Project.quiet_period_s).filter_by(slug="demo")).one() == ("Demo", 60)
