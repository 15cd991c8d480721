"""Putting sound to a model: connected or not, one request, one more where the answer is not the asked JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from evalhub.answers import Given, NotTheAskedJson, sent_back
from evalhub.audio.listening.answers import read_answers
from evalhub.audio.listening.excerpts import as_wav
from evalhub.audio.listening.prompt import sound_part, text_part
from evalhub.costs import add_cost, cost_of_asking, price_table
from evalhub.criteria import UNSURE
from evalhub.errors import Blocked, Failed
from evalhub.evaluators import Context
from evalhub.models import Criterion
from evalhub.openai_client import Reply, ask_json
from evalhub.settings import Settings

NOT_CONNECTED = (
    "no model that listens is connected. Set EVALHUB_LISTENING_MODEL (such as gpt-audio) and OPENAI_API_KEY, "
    "or EVALHUB_LISTENING_URL, then restart."
)
TONE_RATE, CHECK_S = 16_000, 20.0


def listener(settings: Settings) -> Settings:
    """Settings under which the model that listens is the one that is asked.

    It is asked where the judge is, unless it has a server of its own; a key goes only to the server it is meant for.

    Raises:
        Blocked: no such model is configured, or neither a key nor a server of its own.
    """
    url, key = settings.listening_url, settings.listening_api_key
    if url is None:
        url, key = settings.judge_url, key or settings.judge_api_key
    if not settings.listening_model or not (url or key):
        raise Blocked("listener_not_connected", NOT_CONNECTED)
    return replace(settings, judge_model=settings.listening_model, judge_url=url, judge_api_key=key)


def check(settings: Settings) -> None:
    """Play a second of a tone and see whether an answer comes.

    Raises:
        Blocked, Retryable, ModelError: see `evalhub.openai_client`.
    """
    tone = np.sin(2 * np.pi * 440 * np.arange(TONE_RATE) / TONE_RATE).astype(np.float32) / 4
    parts = [text_part("What do you hear? One word."), sound_part(as_wav(tone, TONE_RATE))]
    _ask(listener(settings), [{"role": "user", "content": parts}], timeout_s=CHECK_S)


def _ask(settings: Settings, messages: list[dict[str, Any]], *, timeout_s: float) -> Reply:
    try:
        return ask_json(settings, messages, name="scorecard", schema=None, timeout_s=timeout_s)
    except Blocked as why:
        raise Blocked(why.code, why.reason.replace("EVALHUB_JUDGE_", "EVALHUB_LISTENING_")) from None


@dataclass
class Asking:
    """One conversation and the criteria that are asked together."""

    settings: Settings
    context: Context
    criteria: Sequence[Criterion]
    messages: list[dict[str, Any]]
    timeout_s: float
    model: str | None = None
    """the snapshot that answered"""
    usage: dict[str, int] = field(default_factory=dict)
    took: dict[str, Any] = field(default_factory=dict)
    """`cost_usd` of all its requests"""

    def answers(self) -> dict[str, Given]:
        """An answer per criterion; after a refusal `unsure`, because it says nothing of the call.

        Raises:
            Failed: the answer was cut off, or was not the asked JSON twice.
            Blocked, Retryable, ModelError: see `evalhub.openai_client`.
        """
        reply = self._ask()
        try:
            return self._read(reply)
        except NotTheAskedJson as problem:
            self.messages += sent_back(reply.text, problem)
        try:
            return self._read(self._ask())
        except NotTheAskedJson as again:
            reason = f"listener answered something that is not the asked JSON, twice: {again}"
            raise Failed("unusable_answer", reason) from None

    def _read(self, reply: Reply) -> dict[str, Given]:
        if refused := reply.refused:
            answer = Given(verdict=UNSURE, explanation=f"The listener refused to answer: {refused!r}")
            return {criterion.key: answer for criterion in self.criteria}
        return read_answers(reply.text, self.criteria)

    def _ask(self) -> Reply:
        reply = _ask(self.settings, self.messages, timeout_s=self.timeout_s)
        self._note(reply)
        if reply.finish_reason == "length":
            raise Failed("answer_cut_off", "listener's answer was cut off at its length limit")
        return reply

    def _note(self, reply: Reply) -> None:
        """Keep what was used, also of an answer that turns out useless: it was paid for."""
        details = self.context.details
        self.model = reply.model or self.model
        prices, model = self.context.prices or price_table(), self.model or self.settings.judge_model or ""
        cost = cost_of_asking(prices, model, reply.usage, url=self.settings.judge_url, api="chat")
        for used, took in ((self.usage, self.took), (details.setdefault("usage", {}), details)):
            for meter, quantity in reply.usage.items():
                used[meter] = used.get(meter, 0) + quantity
            add_cost(took, cost)
        details["request_ids"] = [*details.get("request_ids", []), reply.request_id]
