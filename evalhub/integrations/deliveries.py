"""What is made of a vendor's request once it is known to be theirs: kept, let pass, or refused with the reason."""

from __future__ import annotations

from sqlalchemy.orm import Session

from evalhub.errors import BadInput, Conflict, Problem
from evalhub.integrations.endpoints import secret_of
from evalhub.integrations.signatures import CHECKS, Delivery, is_signed
from evalhub.integrations.vendors import settings_of
from evalhub.models import IntegrationEndpoint
from evalhub.traces.formats import retell, vapi
from evalhub.traces.receive import Receipt, receive_report

WEBHOOKS = tuple(CHECKS)
"""vendors that send reports"""


def is_theirs(endpoint: IntegrationEndpoint, delivery: Delivery, secret_key: str | None) -> bool:
    """Whether the vendor of this endpoint made this request.

    Raises:
        SetupError: the endpoint's secret cannot be read any more.
    """
    secret = secret_of(endpoint, secret_key)
    return is_signed(delivery, endpoint.vendor, secret, settings_of(endpoint.vendor, endpoint.settings))


def take(session: Session, endpoint: IntegrationEndpoint, body: bytes) -> Receipt | None:
    """Keep what a vendor reports; None for what tells nothing new, or of a call that was deleted here.

    Raises:
        BadInput: it cannot be read, or it is a question that only the agent's own server can answer.
    """
    if not _tells_something(endpoint.vendor, body):
        return None
    try:
        return receive_report(session, endpoint.project_id, endpoint.vendor, body, endpoint_id=endpoint.id)
    except Conflict:
        return None


def _tells_something(vendor: str, body: bytes) -> bool:
    match vendor:
        case "vapi":
            kind = vapi.kind_of(body)
            if kind in vapi.ANSWERED:
                raise _question(kind)
            return kind in vapi.KEPT
        case "retell":
            event = retell.event_of(body)
            return event.startswith(retell.OF_CALLS) and event not in retell.IGNORED
        case _:
            return True


def _question(kind: str) -> BadInput:
    said = (
        f"Vapi waits for an answer to {kind!r}, and evalhub has none: it only listens. Send such messages to your own "
        "server, and here those of type 'end-of-call-report' (serverMessages of the assistant)."
    )
    return BadInput(said, [Problem("message.type", " | ".join(sorted(vapi.KEPT)), repr(kind))])
