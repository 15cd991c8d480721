"""What the machine interface answers."""

from urllib.parse import quote

from flask import request, url_for

from evalhub.traces.receive import Receipt
from webui.context import project


def page_url(conversation_id: str) -> str:
    """The page of a conversation, as an address that a person can open."""
    return request.host_url.rstrip("/") + url_for(
        "conversations.page", project_slug=project().slug, conversation_id=conversation_id
    )


def received(receipt: Receipt) -> dict[str, object]:
    """The body of a 202."""
    return {
        "id": receipt.id,
        "url": page_url(receipt.id),
        "state": receipt.state,
        "warnings": [warning["message"] for warning in receipt.warnings],
    }


def api_url(conversation_id: str) -> str:
    """The conversation in this interface."""
    return f"/api/v1/conversations/{quote(conversation_id, safe='')}"
