"""Requests of vendors: let in by the signature on what they send, whatever else is wrong with it.

An address that is not there answers as one whose secret was wrong. Wrong ones are counted by sender and address, so
that nobody guesses, and nobody's guesses shut out a vendor that all its customers share.
"""

from flask import abort, g, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from evalhub.errors import Problem, UnsupportedType
from evalhub.integrations.deliveries import WEBHOOKS, is_theirs
from evalhub.integrations.endpoints import find_endpoint, is_noted, note_use
from evalhub.integrations.signatures import Delivery
from evalhub.models import IntegrationEndpoint, Project
from webui.context import db, services

LIMIT = 16 << 20
WRONG = parse("60 per minute")
REFUSAL = (
    "This request is not signed with the secret of an endpoint at this address. Compare address and secret with "
    "Settings, Integrations."
)
wrong = FixedWindowRateLimiter(MemoryStorage())


def check_signature() -> None:
    """Let a vendor in, or answer 401."""
    guesser = (request.remote_addr or "", request.path)
    if not wrong.test(WRONG, *guesser):
        raise TooManyRequests("Too many requests with a wrong signature. Wait a minute.", retry_after=60)
    endpoint = _endpoint()
    g.body = _body() if endpoint else b""
    if endpoint is None or not is_theirs(endpoint, _delivery(endpoint), services().settings.secret_key):
        wrong.hit(WRONG, *guesser)
        abort(401, REFUSAL)
    if not is_noted(endpoint):
        with services().work() as session:
            note_use(session, endpoint)
    g.endpoint, g.project = endpoint, db().get_one(Project, endpoint.project_id)


def _endpoint() -> IntegrationEndpoint | None:
    named = request.view_args or {}
    vendor = named.get("vendor", "")
    return find_endpoint(db(), vendor, named.get("endpoint_id", "")) if vendor in WEBHOOKS else None


def _body() -> bytes:
    from webui.api.bodies import read_body

    if encoding := request.headers.get("Content-Encoding"):
        raise UnsupportedType("Send it as it is.", [Problem("Content-Encoding", "none", encoding)])
    return read_body(LIMIT)


def _delivery(endpoint: IntegrationEndpoint) -> Delivery:
    base = (endpoint.settings.get("public_url") or request.host_url).rstrip("/")
    query = request.query_string.decode(errors="replace")
    url = base + request.path + (f"?{query}" if query else "")
    return Delivery(method=request.method, url=url, headers=request.headers, body=g.body)
