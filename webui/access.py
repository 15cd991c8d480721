"""Who may see what: every view is denied unless it says otherwise, with one of the marks below.

`@public` anybody · `@signed_in` any person · `@allow("viewer", ...)` these roles in the address's project, admins
always · `@api_key("ingest")` programs with a key of at least that scope · `@signed` vendors, by their signature ·
`@livekit_token` LiveKit's own uploader.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask_login import LoginManager, UserMixin, current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from evalhub.accounts.keys import is_noted, note_use
from evalhub.accounts.people import role_of
from evalhub.integrations.endpoints import is_noted as is_in_use
from evalhub.integrations.endpoints import note_use as note_endpoint
from evalhub.models import Project, User
from webui.context import db, services
from webui.known_keys import KnownKeys
from webui.vendor_access import check_signature

View = TypeVar("View", bound=Callable[..., Any])
MARK = "evalhub_access"


class SignedIn(UserMixin):
    """A person as flask-login knows them. The cookie holds their number and epoch: raising it ends every session."""

    def __init__(self, person: User) -> None:
        self.person = person

    def get_id(self) -> str:
        return f"{self.person.id}:{self.person.session_epoch}"


@dataclass(frozen=True)
class Access:
    """What a view asks for."""

    public: bool = False
    roles: frozenset[str] | None = None
    scope: str | None = None
    signed: bool = False
    by_livekit: bool = False
    """with a token that a stored key pair of LiveKit signed, in place of a key"""

    @property
    def is_for_programs(self) -> bool:
        """Whether those who come here bring no cookies."""
        return self.scope is not None or self.signed

    @property
    def takes_in(self) -> bool:
        """Whether what comes here is stored and read later."""
        return self.scope == "ingest" or self.signed


def _marked(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, MARK, access)
        return view

    return mark


public = _marked(Access(public=True))
signed_in = _marked(Access())
signed = _marked(Access(signed=True))


def allow(*roles: str) -> Callable[[View], View]:
    """People with one of these roles in the project of the address. Admins always may."""
    return _marked(Access(roles=frozenset(roles) | {"admin"}))


def api_key(scope: str) -> Callable[[View], View]:
    """Programs with a key; `full` may do what `ingest` may."""
    return _marked(Access(scope=scope))


livekit_token = _marked(Access(scope="ingest", by_livekit=True))


def access_of(endpoint: str | None) -> Access | None:
    """What the view of this endpoint asks for; None means nobody may."""
    if endpoint == "static":
        return Access(public=True)
    return getattr(current_app.view_functions.get(endpoint or ""), MARK, None)


def init_app(app: Flask) -> None:
    manager = LoginManager(app, add_context_processor=False)
    manager.session_protection = None  # addresses change on the way; the signed cookie and the epoch are what counts
    manager.user_loader(_load_person)
    app.extensions["evalhub_keys"] = KnownKeys()
    app.before_request(_check)


def _load_person(name: str) -> SignedIn | None:
    number, _, epoch = name.partition(":")
    person = db().get(User, int(number)) if number.isdigit() else None
    valid = person and str(person.session_epoch) == epoch and person.disabled_at is None
    return SignedIn(person) if valid else None


def _check() -> Response | None:
    if request.endpoint is None:
        return _note_where()  # 404 and 405 tell nothing, but to whom they may
    access = access_of(request.endpoint)
    if access is None:
        abort(403)
    if access.public:
        return None
    if access.signed:
        return check_signature()
    if access.by_livekit:
        return _check_livekit()
    return _check_key(access.scope) if access.scope else _check_person(access)


def _check_key(scope: str) -> None:
    known: KnownKeys = current_app.extensions["evalhub_keys"]
    found = known.find(_token())
    if found is None:
        abort(401, "Send an API key of the project: Authorization: Bearer ehk_...")
    key, project = found
    if not is_noted(key):
        with services().work() as session:
            note_use(session, key)
    if scope == "full" and key.scope != "full":
        abort(403, "This key may only send. Make one with full access in Settings, API keys.")
    g.api_key, g.project = key, project


def _check_livekit() -> None:
    from evalhub.integrations.livekit_tokens import Refused, endpoint_of_token  # jwt with cryptography: 8 MB

    try:
        found = endpoint_of_token(db(), _token(), services().settings.secret_key)
    except Refused as reason:
        abort(401, str(reason))
    if not is_in_use(found):
        with services().work() as session:
            note_endpoint(session, found)
    g.endpoint, g.project = found, db().get_one(Project, found.project_id)


def _token() -> str:
    """The key, however exporters send it: as bearer token, as password, or in a header of its own."""
    if given := request.headers.get("x-api-key"):
        return given
    sent = request.authorization
    if sent and sent.type == "bearer":
        return sent.token or ""
    return (sent.password or sent.username or "") if sent and sent.type == "basic" else ""


def _check_person(access: Access) -> Response | None:
    if not current_user.is_authenticated:
        return _to_sign_in()
    if access.roles is not None:
        _enter_project(access.roles)
    return None


def _to_sign_in() -> Response:
    if request.method != "GET" or request.headers.get("HX-Request"):
        abort(401, "You are signed out. Sign in, then try again.")
    return redirect(url_for("session.sign_in", next=request.full_path.rstrip("?")))


def _note_where() -> None:
    """An address of a project that leads nowhere: its members still find its pages around what they are told."""
    _, root, slug, *_ = [*request.path.split("/", 3), "", ""]
    if root == "p" and current_user.is_authenticated:
        _find_project(slug)


def _find_project(slug: str) -> str | None:
    """The role of who is signed in; with one, the project is noted, so that a refusal shows its own pages, too."""
    found = db().scalars(select(Project).filter_by(slug=slug)).one_or_none() if "\0" not in slug else None
    role = role_of(db(), found.id, current_user.person) if found else None
    if role is not None:
        g.project, g.role = found, role
    return role


def _enter_project(roles: frozenset[str]) -> None:
    role = _find_project(g.project_slug)
    if role is None:
        abort(404, "There is no such project, or you are no member of it.")
    if role not in roles:
        abort(403, f"A {role} may not see this page. Ask an admin of the project.")
