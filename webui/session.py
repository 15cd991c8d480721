"""Coming in and going out: password, one-time link, sign out; a person's own account."""

from datetime import UTC, datetime
from time import time
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from evalhub.accounts import links, people
from evalhub.errors import BadInput
from evalhub.models import User
from webui.access import SignedIn, public, signed_in
from webui.context import db, person
from webui.limits import guessing

bp = Blueprint("session", __name__)
WRONG = "This address and password do not belong together. Ask an admin for a new link if you forgot it."
BY_LINK_S = 3600
SPENT = "This link was used already or is too old. Ask an admin for a new one."


@bp.get("/sign-in")
@public
def sign_in() -> str | AnyResponse:
    if current_user.is_authenticated:
        return redirect(_next())
    return render_template("session/sign_in.html")


@bp.post("/sign-in")
@public
@guessing
def check_password() -> AnyResponse | tuple[str, int]:
    found = people.sign_in(db(), request.form.get("email", ""), request.form.get("password", ""))
    if found is None:
        return render_template("session/sign_in.html", error=WRONG, email=request.form.get("email", "")), 400
    _enter(found)
    return redirect(_next())


@bp.get("/link/<token>")
@public
@guessing
def show_link(token: str) -> str | tuple[str, int]:
    owner = links.peek(db(), token)
    if owner is None:
        return render_template("session/spent.html", message=SPENT), 410
    return render_template("session/link.html", owner=owner)


@bp.post("/link/<token>")
@public
@guessing
def use_link(token: str) -> AnyResponse | tuple[str, int]:
    owner = links.use_link(db(), token)
    if owner is None:
        return render_template("session/spent.html", message=SPENT), 410
    _enter(owner)
    session["by_link_until"] = time() + BY_LINK_S
    return redirect(url_for("session.account"))


@bp.get("/account")
@signed_in
def account() -> str:
    return _account_page()


@bp.post("/account")
@signed_in
@guessing
def save_account() -> AnyResponse | tuple[str, int]:
    if request.form.get("password") and (refused := _change_password()):
        return _account_page(error=refused), 422
    person().name = request.form.get("name", "").strip()[:100]
    flash("Saved.")
    return redirect(url_for("home.index"))


@bp.post("/sign-out")
@signed_in
def sign_out() -> AnyResponse:
    logout_user()
    session.clear()
    return redirect(url_for("session.sign_in"))


@bp.get("/favicon.ico")
@public
def favicon() -> Response:
    return Response(status=204, headers={"Cache-Control": "max-age=86400"})


def _enter(found: User) -> None:
    found.last_seen_at = datetime.now(UTC)
    login_user(SignedIn(found))


def _asks_for_password() -> bool:
    """Whoever finds an open session may not take the account over; who just came by a link may have forgotten it."""
    return person().password_hash is not None and session.get("by_link_until", 0) < time()


def _change_password() -> str | None:
    """Set the new password, or say why not."""
    if _asks_for_password() and not people.knows_password(person(), request.form.get("current", "")):
        return "The current password is another one."
    try:
        people.set_password(person(), request.form["password"])
    except BadInput as problem:
        return str(problem)
    session.pop("by_link_until", None)
    _enter(person())
    return None


def _account_page(**values: str) -> str:
    asks = _asks_for_password()
    return render_template("session/account.html", min_password=people.MIN_PASSWORD, asks=asks, **values)


def _next() -> str:
    """Where they were going, if that is a page of ours."""
    wanted = request.args.get("next", "")
    parts = urlsplit(wanted)
    local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not (parts.scheme or parts.netloc)
    return wanted if local else url_for("home.index")
