"""People: passwords by argon2, membership in projects."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, contains_eager

from evalhub.errors import BadInput, Conflict, NotFound, Problem
from evalhub.models import ROLES, Membership, User

MIN_PASSWORD = 10
HASHER = PasswordHasher()
DECOY = HASHER.hash("compared with when there is no such person, so that the answer takes as long")


def normal_email(text: str) -> str:
    """The form in which an address is stored and looked up.

    Raises:
        BadInput: this is no address.
    """
    email = text.strip().lower()
    name, at, domain = email.partition("@")
    if not (name and at and "." in domain and len(email) <= 254 and not set(" \t\n\0") & set(email)):
        raise BadInput("This is no email address.", [Problem("email", "name@example.com", repr(text))])
    return email


def find_or_add(session: Session, email: str, name: str = "") -> User:
    """The person with this address, made if they are new."""
    email = normal_email(email)
    session.execute(
        insert(User).values(email=email, name=name, is_owner=False, session_epoch=0).on_conflict_do_nothing()
    )
    return session.scalars(select(User).filter_by(email=email)).one()


def sign_in(session: Session, email: str, password: str) -> User | None:
    """The person, if the password is theirs. Takes as long for a stranger as for a wrong password."""
    person = session.scalars(select(User).filter_by(email=email.strip().lower(), disabled_at=None)).one_or_none()
    known = knows_password(person or User(email="nobody"), password)
    return person if known else None


def knows_password(person: User, password: str) -> bool:
    """Whether this is the person's password; false while they have none."""
    return _matches(person.password_hash or DECOY, password) and person.password_hash is not None


def set_password(person: User, password: str) -> None:
    """Give a person a new password, which ends their other sessions.

    Raises:
        BadInput: too short.
    """
    if len(password) < MIN_PASSWORD:
        got = f"{len(password)} characters"
        raise BadInput("This password is too short.", [Problem("password", f"at least {MIN_PASSWORD} characters", got)])
    person.password_hash = HASHER.hash(password)
    person.session_epoch += 1


def role_of(session: Session, project_id: int, person: User) -> str | None:
    """What this person may do in the project; owners are admins everywhere."""
    if person.is_owner:
        return "admin"
    return session.scalar(select(Membership.role).filter_by(project_id=project_id, user_id=person.id))


def members(session: Session, project_id: int) -> list[Membership]:
    """Memberships with their people, by name."""
    query = select(Membership).join(Membership.user).options(contains_eager(Membership.user))
    return list(session.scalars(query.filter_by(project_id=project_id).order_by(func.lower(User.email))))


def membership(session: Session, project_id: int, user_id: int) -> Membership | None:
    """Somebody's membership in a project, if they have one."""
    return session.get(Membership, (project_id, user_id))


def may_vouch(session: Session, project_id: int, admin: User, member: User) -> bool:
    """Whether this admin may make a link that signs the member in: not for owners or people of other projects, whose
    doors such a link would open too. Owners may."""
    elsewhere = select(Membership.user_id).where(Membership.user_id == member.id, Membership.project_id != project_id)
    return admin.is_owner or not (member.is_owner or session.scalar(elsewhere.limit(1)))


def set_role(session: Session, project_id: int, user_id: int, role: str) -> None:
    """Make somebody a member, or change what they may do.

    Raises:
        BadInput: no such role.
        Conflict: the project would be left without an admin.
    """
    if role not in ROLES:
        raise BadInput("There is no such role.", [Problem("role", " | ".join(ROLES), role)])
    if role != "admin":
        _keep_an_admin(session, project_id, user_id)
    row = {"project_id": project_id, "user_id": user_id, "role": role}
    upsert = (
        insert(Membership)
        .values(row)
        .on_conflict_do_update(index_elements=["project_id", "user_id"], set_={"role": role})
    )
    session.execute(upsert)


def remove_member(session: Session, project_id: int, user_id: int) -> None:
    """Take somebody out of the project. What they labeled stays.

    Raises:
        NotFound: they are no member.
        Conflict: the project would be left without an admin.
    """
    _keep_an_admin(session, project_id, user_id)
    gone = delete(Membership).filter_by(project_id=project_id, user_id=user_id).returning(Membership.user_id)
    if session.scalar(gone) is None:
        raise NotFound("This person is no member of the project.")


def _keep_an_admin(session: Session, project_id: int, without: int) -> None:
    admins = select(Membership.user_id).filter_by(project_id=project_id, role="admin").with_for_update()
    if set(session.scalars(admins)) == {without}:
        raise Conflict("This is the only admin of the project. Make somebody else admin first.")


def _matches(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
