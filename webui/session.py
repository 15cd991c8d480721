"""Coming in and going out: password, one-time link, sign out; a person's own account."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from evalhub.accounts import links, people
from evalhub.errors import BadInput
from evalhub.models import User
from webui.access import SignedIn, public, signed_in
from webui.context import db, person
from webui.limits import GUESSING, limiter

bp = Blueprint("session", __name__)
WRONG = "This address and password do not belong together. Ask an admin for a new link if you forgot it."
SPENT = "This link was used already or is too old. Ask an admin for a new one."


@bp.get("/sign-in")
@public
def sign_in() -> str | AnyResponse:
    if current_user.is_authenticated:
        return redirect(_next())
    return render_template("session/sign_in.html")


@bp.post("/sign-in")
@public
@limiter.limit(GUESSING)
def check_password() -> AnyResponse | tuple[str, int]:
    found = people.sign_in(db(), request.form.get("email", ""), request.form.get("password", ""))
    if found is None:
        return render_template("session/sign_in.html", error=WRONG, email=request.form.get("email", "")), 400
    _enter(found)
    return redirect(_next())


@bp.get("/link/<token>")
@public
@limiter.limit(GUESSING)
def show_link(token: str) -> str | tuple[str, int]:
    owner = links.peek(db(), token)
    if owner is None:
        return render_template("session/spent.html", message=SPENT), 410
    return render_template("session/link.html", owner=owner)


@bp.post("/link/<token>")
@public
@limiter.limit(GUESSING)
def use_link(token: str) -> AnyResponse | tuple[str, int]:
    owner = links.use_link(db(), token)
    if owner is None:
        return render_template("session/spent.html", message=SPENT), 410
    _enter(owner)
    return redirect(url_for("session.account") if owner.password_hash is None else url_for("home.index"))


@bp.get("/account")
@signed_in
def account() -> str:
    return render_template("session/account.html", min_password=people.MIN_PASSWORD)


@bp.post("/account")
@signed_in
def save_account() -> AnyResponse | tuple[str, int]:
    person().name = request.form.get("name", "").strip()[:100]
    password = request.form.get("password", "")
    if password:
        try:
            people.set_password(person(), password)
        except BadInput as problem:
            page = render_template("session/account.html", min_password=people.MIN_PASSWORD, error=str(problem))
            return page, 400
        _enter(person())
    flash("Saved.")
    return redirect(url_for("home.index"))


@bp.post("/sign-out")
@signed_in
def sign_out() -> AnyResponse:
    logout_user()
    return redirect(url_for("session.sign_in"))


@bp.get("/favicon.ico")
@public
def favicon() -> Response:
    return Response(status=204, headers={"Cache-Control": "max-age=86400"})


def _enter(found: User) -> None:
    login_user(SignedIn(found))


def _next() -> str:
    """Where they were going, if that is a page of ours."""
    wanted = request.args.get("next", "")
    parts = urlsplit(wanted)
    local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not (parts.scheme or parts.netloc)
    return wanted if local else url_for("home.index")
