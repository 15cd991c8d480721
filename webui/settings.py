"""Settings of a project: API keys, members, the judge, the project itself, the audit log."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evalhub.accounts import keys, links, people
from evalhub.accounts.audit import audit, recent
from evalhub.accounts.projects import create_project
from evalhub.errors import BadInput, Problem
from evalhub.models import ROLES, User
from evalhub.reports.home import progress
from webui.access import allow, signed_in
from webui.context import actor, db, person, project, services

bp = Blueprint("settings", __name__)
QUIET_S = range(5, 86_401)


@bp.get("/p/<project_slug>/settings/keys")
@allow()
def show_keys() -> str:
    return _keys_page()


@bp.post("/p/<project_slug>/settings/keys")
@allow()
def add_key() -> str:
    days = request.form.get("days", "")
    wanted: dict[str, Any] = {"name": request.form.get("name", ""), "scope": request.form.get("scope", "")}
    lifetime = int(days) if days.isdigit() else None
    key, token = keys.make_key(db(), project().id, **wanted, days=lifetime, by=actor())
    audit(db(), project().id, actor(), "key.created", key.name, scope=key.scope)
    return _keys_page(token=token, made=key)


@bp.post("/p/<project_slug>/settings/keys/<int:key_id>/revoke")
@allow()
def revoke_key(key_id: int) -> Response:
    key = keys.revoke_key(db(), project().id, key_id)
    audit(db(), project().id, actor(), "key.revoked", key.name)
    flash(f"The key {key.name} does not work any more.")
    return _back("settings.show_keys")


@bp.get("/p/<project_slug>/settings/members")
@allow()
def show_members() -> str:
    return _members_page()


@bp.post("/p/<project_slug>/settings/members")
@allow()
def invite() -> str:
    invited = people.find_or_add(db(), request.form.get("email", ""), request.form.get("name", "").strip()[:100])
    people.set_role(db(), project().id, invited.id, request.form.get("role", ""))
    audit(db(), project().id, actor(), "member.invited", invited.email, role=request.form.get("role"))
    is_new = invited.password_hash is None and people.may_vouch(db(), project().id, person(), invited)
    token = links.make_link(db(), invited, "invite") if is_new else None
    return _members_page(token=token, owner=invited)


@bp.post("/p/<project_slug>/settings/members/<int:user_id>/role")
@allow()
def change_role(user_id: int) -> Response:
    member = _member(user_id)
    people.set_role(db(), project().id, user_id, request.form.get("role", ""))
    audit(db(), project().id, actor(), "member.role", member.email, role=request.form.get("role"))
    flash(f"{member.email} is {request.form.get('role')} now.")
    return _back("settings.show_members")


@bp.post("/p/<project_slug>/settings/members/<int:user_id>/reset")
@allow()
def reset_password(user_id: int) -> str:
    member = _member(user_id)
    if not people.may_vouch(db(), project().id, person(), member):
        raise BadInput("This person belongs to other projects too: only an owner of this installation may reset them.")
    audit(db(), project().id, actor(), "member.reset", member.email)
    return _members_page(token=links.make_link(db(), member, "reset"), owner=member)


@bp.post("/p/<project_slug>/settings/members/<int:user_id>/remove")
@allow()
def remove_member(user_id: int) -> Response:
    member = _member(user_id)
    people.remove_member(db(), project().id, user_id)
    audit(db(), project().id, actor(), "member.removed", member.email)
    flash(f"{member.email} is no member any more. What they labeled stays.")
    return _back("settings.show_members")


@bp.get("/p/<project_slug>/settings/judge")
@allow("lead")
def show_judge() -> str:
    return render_template("settings/judge.html", settings=services().settings, progress=progress(db(), project().id))


@bp.get("/p/<project_slug>/settings/project")
@allow()
def show_project() -> str:
    return render_template("settings/project.html")


@bp.post("/p/<project_slug>/settings/project")
@allow()
def save_project() -> Response:
    quiet = request.form.get("quiet_period_s", "")
    if not (quiet.isdigit() and int(quiet) in QUIET_S):
        expected = f"seconds from {QUIET_S.start} to {QUIET_S.stop - 1}"
        raise BadInput("The quiet period cannot be used.", [Problem("quiet_period_s", expected, repr(quiet))])
    project().name = request.form.get("name", "").strip()[:100] or project().name
    project().quiet_period_s = int(quiet)
    audit(db(), project().id, actor(), "project.changed", project().slug, quiet_period_s=int(quiet))
    flash("Saved.")
    return _back("settings.show_project")


@bp.get("/p/<project_slug>/settings/audit")
@allow()
def show_audit() -> str:
    return render_template("settings/audit.html", entries=recent(db(), project().id))


@bp.post("/projects")
@signed_in
def add_project() -> Response:
    if not person().is_owner:
        raise BadInput("Only an owner of this installation may make projects.")
    slug = request.form.get("slug", "").strip().lower()
    made = create_project(db(), slug=slug, name=request.form.get("name", ""), by=person().email, admin=person())
    return redirect(url_for("home.page", project_slug=made.slug))


def _keys_page(**made: Any) -> str:
    state = progress(db(), project().id)
    return render_template(
        "settings/keys.html",
        keys=keys.keys_of(db(), project().id),
        base=request.host_url.rstrip("/"),
        progress=state,
        **made,
    )


def _members_page(token: str | None = None, owner: User | None = None) -> str:
    link = request.host_url.rstrip("/") + url_for("session.show_link", token=token) if token else None
    found = people.members(db(), project().id)
    return render_template("settings/members.html", members=found, roles=ROLES, link=link, owner=owner)


def _member(user_id: int) -> User:
    """A member of this project; others are none of its business."""
    if people.membership(db(), project().id, user_id) is None:
        raise BadInput("This person is no member of the project.")
    return db().get_one(User, user_id)


def _back(endpoint: str) -> Response:
    return redirect(url_for(endpoint, project_slug=project().slug))
