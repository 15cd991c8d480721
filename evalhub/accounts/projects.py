"""Projects: made with the rubric library and a first admin; what the environment asks for at the first start."""

import re
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from evalhub.accounts import keys, links, people
from evalhub.accounts.audit import audit
from evalhub.business_rules import parse_rules
from evalhub.costs import parse_prices
from evalhub.errors import BadInput, Conflict, Problem
from evalhub.evaluations.planning import run_again
from evalhub.evaluations.rules import install_rules
from evalhub.models import Membership, Project, User
from evalhub.rubrics.stored import install_rubrics

GO_BY = {"business_rules": ("business_rules", "delegation"), "prices": ("cost_per_minute", "delegation")}
"""which evaluators go by what a project sets"""
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


def create_project(session: Session, *, slug: str, name: str, by: str, admin: User | None = None) -> Project:
    """A new project with every rubric of the library, and the rules that evaluate everything.

    Raises:
        BadInput: the short name cannot stand in an address.
        Conflict: it is taken.
    """
    if not SLUG.match(slug) or len(slug) > 40:
        raise BadInput("This short name cannot be used.", [Problem("slug", "a-z, 0-9 and -, up to 40", repr(slug))])
    if session.scalar(select(Project.id).filter_by(slug=slug)):
        raise Conflict(f"There is a project {slug!r} already.")
    project = Project(slug=slug, name=name.strip() or slug)
    session.add(project)
    session.flush()
    install_rubrics(session, project.id)
    install_rules(session, project.id)
    if admin:
        people.set_role(session, project.id, admin.id, "admin")
    audit(session, project.id, by, "project.created", slug)
    return project


def set_rules(session: Session, project: Project, *, rules: str, prices: str) -> None:
    """Keep a project's business rules and prices (TOML texts); what goes by them runs again on every call.

    Raises:
        BadInput: a rule or price is wrong; names every fault with its place. Nothing is kept then.
    """
    parse_rules(rules)
    parse_prices(prices)
    new = {"business_rules": rules, "prices": prices}
    changed = [name for name in new if new[name] != project.settings.get(name, "")]
    project.settings = project.settings | new
    run_again(session, project.id, {evaluator for name in changed for evaluator in GO_BY[name]})


def projects_of(session: Session, person: User) -> list[Project]:
    """Projects this person may enter, by name."""
    query = select(Project).order_by(Project.name)
    if not person.is_owner:
        query = query.join(Membership, Membership.project_id == Project.id).filter(Membership.user_id == person.id)
    return list(session.scalars(query))


def bootstrap(session: Session, env: Mapping[str, str]) -> None:
    """Whom and what the environment wants to exist from the first start on; later starts change nothing."""
    if email := env.get("EVALHUB_BOOTSTRAP_ADMIN_EMAIL"):
        _first_admin(session, email, env.get("EVALHUB_BOOTSTRAP_ADMIN_PASSWORD"))
    token = env.get("EVALHUB_BOOTSTRAP_API_KEY")
    project = session.scalars(select(Project).order_by(Project.id).limit(1)).one_or_none()
    if token and project and not keys.is_known(session, token):
        keys.make_key(session, project.id, name="bootstrap", scope="full", days=None, by="environment", token=token)


def _first_admin(session: Session, email: str, password: str | None) -> None:
    person = people.find_or_add(session, email)
    person.is_owner = True
    if password and person.password_hash is None:
        people.set_password(person, password)
    session.flush()


def first_admin_link(session: Session, email: str = "admin@evalhub.local") -> str | None:
    """A sign-in token for the first admin, made if there is none; None once some owner has a password."""
    owner = session.scalars(select(User).filter_by(is_owner=True).order_by(User.id).limit(1)).one_or_none()
    if owner is None:
        owner = people.find_or_add(session, email, "Admin")
        owner.is_owner = True
        session.flush()
    return None if owner.password_hash else links.make_link(session, owner, "sign_in")
