"""What a person says a call should have come to: the functions it should have called, its stages, its end state."""

import json
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evalhub.accounts.audit import audit
from evalhub.expectations import as_made
from evalhub.models import Conversation
from evalhub.traces import queries, receive
from webui.access import allow
from webui.context import actor, db, project
from webui.forms import stay_on

bp = Blueprint("expectations", __name__, url_prefix="/p/<project_slug>/conversations")


def _page(**shown: Any) -> str:
    conversation_id = (request.view_args or {})["conversation_id"]
    call: Conversation = queries.load_conversation(db(), project().id, conversation_id, spans=False)
    now = call.expectations or as_made(call.tool_calls)
    text = request.form.get("expectations") or json.dumps(now, indent=2, ensure_ascii=False)
    return render_template("conversations/expectations.html", call=call, text=text, **shown)


@bp.get("/<path:conversation_id>/expectations")
@allow("lead")
def show(conversation_id: str) -> str:  # noqa: ARG001  (the page reads it from the address)
    return _page()


@bp.post("/<path:conversation_id>/expectations")
@allow("lead")
@stay_on(_page)
def save(conversation_id: str) -> Response:
    call = queries.load_conversation(db(), project().id, conversation_id, spans=False)
    receive.receive_expectations(db(), project().id, call.id, request.form.get("expectations", ""))
    audit(db(), project().id, actor(), "expectations.changed", call.id)
    flash("Saved. The call is held against it in a moment.")
    return redirect(url_for("conversations.page", project_slug=project().slug, conversation_id=call.id))
