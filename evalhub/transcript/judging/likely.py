"""How likely each verdict was, read from the log-probabilities of the tokens a judge wrote it with.

At the first token of a verdict ("pass", "fail", "unsure" or a level) the server names a few tokens that could have
stood there; each is a start of one of the allowed verdicts, or of none. Shares are taken among those that are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from evalhub.criteria import words_of
from evalhub.models import Criterion
from evalhub.openai_client.replies import Reply, Token
from evalhub.transcript.judging.answers import Answer


def with_probabilities(answers: dict[str, Answer], reply: Reply, criteria: Sequence[Criterion]) -> dict[str, Answer]:
    """The same answers, with `likely` where the reply's tokens tell."""
    if not reply.tokens or "".join(token.text for token in reply.tokens) != reply.text:
        return answers
    places = verdict_places(reply.text, [criterion.key for criterion in criteria])
    at = dict(_starts(reply.tokens, set(places.values())))
    likely = {criterion.key: _shares(criterion, at.get(places.get(criterion.key, -1))) for criterion in criteria}
    return {
        key: replace(answer, likely=likely[key], likely_from="log-probabilities") for key, answer in answers.items()
    }


def verdict_places(text: str, keys: Sequence[str]) -> dict[str, int]:
    """Where in the JSON each criterion's verdict begins. Inside strings quotes are escaped, so no quote can pose."""
    found: dict[str, int] = {}
    for key in keys:
        opened = re.search(rf'(?<!\\)"{re.escape(key)}"\s*:\s*\{{', text)
        verdict = opened and re.compile(r'(?<!\\)"verdict"\s*:\s*"').search(text, opened.end())
        if verdict:
            found[key] = verdict.end()
    return found


def _starts(tokens: Sequence[Token], places: set[int]) -> list[tuple[int, tuple[Token, int]]]:
    """Per place the token that holds it, and how far into that token it lies."""
    found, position = [], 0
    for token in tokens:
        inside = [place for place in places if position <= place < position + len(token.text)]
        found += [(place, (token, place - position)) for place in inside]
        position += len(token.text)
    return found


def _shares(criterion: Criterion, at: tuple[Token, int] | None) -> dict[str, float] | None:
    if at is None:
        return None
    token, offset = at
    allowed = words_of(criterion)
    shares: dict[str, float] = {}
    for text, likely in token.likely.items():
        meant = _meant(text[offset:], allowed) if text[:offset] == token.text[:offset] else None
        if meant:
            shares[meant] = shares.get(meant, 0.0) + likely
    return _of_one(shares)


def _meant(start: str, allowed: Sequence[str]) -> str | None:
    """The one verdict that this token begins (or holds whole); None where it could be several, or none."""
    written = start.split('"', 1)[0]
    fitting = [word for word in allowed if written and word.startswith(written)]
    whole = [word for word in fitting if word == written and '"' in start]
    if whole:
        return whole[0]
    return fitting[0] if len(fitting) == 1 else None


def _of_one(shares: Mapping[str, float]) -> dict[str, float] | None:
    total = sum(shares.values())
    return {word: share / total for word, share in shares.items()} if total > 0 else None
