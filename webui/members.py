"""Members: invited by a link that somebody passes on, given roles, given new links, taken out."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evalhub.accounts import links, people
from evalhub.accounts.audit import audit
from evalhub.errors import BadInput
from evalhub.models import ROLES, User
from webui.access import allow
from webui.context import actor, db, person, project
from webui.forms import stay_on

bp = Blueprint("members", __name__, url_prefix="/p/<project_slug>/settings/members")


def _page(token: str | None = None, owner: User | None = None, error: str | None = None) -> str:
    link = request.host_url.rstrip("/") + url_for("session.show_link", token=token) if token else None
    found = people.members(db(), project().id)
    return render_template("members/page.html", members=found, roles=ROLES, link=link, owner=owner, error=error)


@bp.get("")
@allow()
def index() -> str:
    return _page()


@bp.post("")
@allow()
@stay_on(_page)
def invite() -> str:
    invited = people.find_or_add(db(), request.form.get("email", ""), request.form.get("name", "").strip()[:100])
    people.set_role(db(), project().id, invited.id, request.form.get("role", ""))
    audit(db(), project().id, actor(), "member.invited", invited.email, role=request.form.get("role"))
    is_new = invited.password_hash is None and people.may_vouch(db(), project().id, person(), invited)
    token = links.make_link(db(), invited, "invite") if is_new else None
    return _page(token=token, owner=invited)


@bp.post("/<int:user_id>/role")
@allow()
@stay_on(_page)
def change_role(user_id: int) -> Response:
    member = _member(user_id)
    people.set_role(db(), project().id, user_id, request.form.get("role", ""))
    audit(db(), project().id, actor(), "member.role", member.email, role=request.form.get("role"))
    flash(f"{member.email} is {request.form.get('role')} now.")
    return _back()


@bp.post("/<int:user_id>/reset")
@allow()
@stay_on(_page)
def reset(user_id: int) -> str:
    member = _member(user_id)
    if not people.may_vouch(db(), project().id, person(), member):
        raise BadInput("This person belongs to other projects too: only an owner of this installation may reset them.")
    audit(db(), project().id, actor(), "member.reset", member.email)
    return _page(token=links.make_link(db(), member, "reset"), owner=member)


@bp.post("/<int:user_id>/remove")
@allow()
@stay_on(_page)
def remove(user_id: int) -> Response:
    member = _member(user_id)
    people.remove_member(db(), project().id, user_id)
    audit(db(), project().id, actor(), "member.removed", member.email)
    flash(f"{member.email} is no member any more. What they labeled stays.")
    return _back()


def _back() -> Response:
    """To the members, unless they just took that page away from themselves."""
    if people.role_of(db(), project().id, person()) != "admin":
        return redirect(url_for("home.index"))
    return redirect(url_for("members.index", project_slug=project().slug))


def _member(user_id: int) -> User:
    """A member of this project; others are none of its business."""
    if people.membership(db(), project().id, user_id) is None:
        raise BadInput("This person is no member of the project.")
    return db().get_one(User, user_id)
