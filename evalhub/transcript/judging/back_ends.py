"""Which back end judges: the one the settings name, else the one that fits model and server."""

from __future__ import annotations

from evalhub.openai_client import connected_model
from evalhub.openai_client.decisions import MODELS
from evalhub.openai_client.failures import OPENAI_URL
from evalhub.settings import Settings
from evalhub.transcript.judging.asking import BackEnd
from evalhub.transcript.judging.decided import Decided
from evalhub.transcript.judging.written import Written


def back_end_for(settings: Settings) -> BackEnd:
    """By itself: Decisions for a model made for it and Responses for others at OpenAI's address, Chat Completions at
    every other, because each compatible server knows that."""
    api = settings.judge_api
    if api == "auto":
        at_openai = (settings.judge_url or OPENAI_URL).rstrip("/") == OPENAI_URL
        made_for_it = connected_model(settings) in MODELS
        api = "chat" if not at_openai else "decisions" if made_for_it else "responses"
    back_ends: dict[str, BackEnd] = {
        "decisions": Decided(),
        "responses": Written("responses"),
        "chat": Written("chat"),
    }
    return back_ends[api]
