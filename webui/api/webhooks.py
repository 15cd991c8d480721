"""Reports of platforms that run voice agents, each at an address of its own (docs/connecting.md)."""

from typing import Any

from flask import g

from evalhub.integrations.deliveries import take
from webui.access import signed
from webui.api import api
from webui.api.answers import received
from webui.context import db


@api.post("/webhooks/<vendor>/<endpoint_id>")
@signed
def post_report(vendor: str, endpoint_id: str) -> tuple[Any, int]:  # noqa: ARG001  (the signature check reads them)
    receipt = take(db(), g.endpoint, g.body)
    if vendor == "twilio":
        return "", 204  # what Twilio gets an answer of, it takes for instructions
    return received(receipt) if receipt else {"ignored": True}, 200
