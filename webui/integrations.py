"""Integrations: the endpoints that vendors send to, each made with its secret, changed, deleted."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evalhub.accounts.audit import audit
from evalhub.errors import SetupError
from evalhub.integrations import endpoints
from evalhub.integrations.vendors import GIVEN_BY_VENDOR, SETTINGS
from evalhub.models import VENDORS, IntegrationEndpoint
from webui.access import allow
from webui.context import actor, db, project, services
from webui.forms import stay_on

bp = Blueprint("integrations", __name__, url_prefix="/p/<project_slug>/settings/integrations")


def _page(**shown: Any) -> str:
    own = endpoints.endpoints_of(db(), project().id)
    told = {"given": GIVEN_BY_VENDOR, "vendors": VENDORS, "address": address, "is_readable": _is_readable}
    defaults = {vendor: kind().model_dump() for vendor, kind in SETTINGS.items()}
    return render_template("settings/integrations.html", endpoints=own, defaults=defaults, **told, **shown)


def address(endpoint: IntegrationEndpoint) -> str:
    """What to paste at the vendor."""
    base = (endpoint.settings.get("public_url") or request.host_url).rstrip("/")
    return base if endpoint.vendor == "livekit" else f"{base}/api/v1/webhooks/{endpoint.vendor}/{endpoint.public_id}"


def _is_readable(endpoint: IntegrationEndpoint) -> bool:
    """Whether its secret can still be read; it cannot once the installation has another secret of its own."""
    try:
        return bool(endpoints.secret_of(endpoint, _secret_key()))
    except SetupError:
        return False


@bp.get("")
@allow()
def index() -> str:
    return _page()


@bp.post("")
@allow()
@stay_on(_page)
def add() -> str:
    given = {name: request.form.get(name, "") for name in ("vendor", "name", "secret", "api_key")}
    made, secret = endpoints.make_endpoint(
        db(), project().id, secret_key=_secret_key(), settings=_settings(given["vendor"]), by=actor(), **given
    )
    audit(db(), project().id, actor(), "endpoint.created", made.name, vendor=made.vendor)
    return _page(made=made, secret=secret)


@bp.post("/<int:endpoint_id>/settings")
@allow()
@stay_on(_page)
def change(endpoint_id: int) -> Response:
    vendor = endpoints.endpoint_of(db(), project().id, endpoint_id).vendor
    changed = endpoints.change_settings(db(), project().id, endpoint_id, _settings(vendor))
    audit(db(), project().id, actor(), "endpoint.changed", changed.name, **changed.settings)
    flash("Saved.")
    return _back()


@bp.post("/<int:endpoint_id>/rotate")
@allow()
@stay_on(_page)
def rotate(endpoint_id: int) -> str:
    given = request.form.get("secret", "")
    made, secret = endpoints.rotate_secret(db(), project().id, endpoint_id, secret_key=_secret_key(), secret=given)
    audit(db(), project().id, actor(), "endpoint.rotated", made.name, vendor=made.vendor)
    return _page(made=made, secret=secret)


@bp.post("/<int:endpoint_id>/delete")
@allow()
def delete(endpoint_id: int) -> Response:
    gone = endpoints.delete_endpoint(db(), project().id, endpoint_id)
    audit(db(), project().id, actor(), "endpoint.deleted", gone.name, vendor=gone.vendor)
    flash(f"What {gone.name} sends is turned away from now on.")
    return _back()


def _settings(vendor: str) -> dict[str, Any]:
    """What the form sets: a box that is not ticked is not sent, a field that was emptied is the default."""
    fields = SETTINGS[vendor].model_fields if vendor in SETTINGS else {}
    return {
        name: name in request.form if field.default is False else request.form.get(name, "").strip() or field.default
        for name, field in fields.items()
    }


def _secret_key() -> str | None:
    return services().settings.secret_key


def _back() -> Response:
    return redirect(url_for("integrations.index", project_slug=project().slug))
