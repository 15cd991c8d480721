"""Running evaluators on conversations in memory; rows as docs/native-format.md, section 3, has them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evalhub import plugins
from evalhub.business_rules import BusinessRule, parse_rules
from evalhub.costs import PriceTable, built_in, parse_prices
from evalhub.errors import BadInput, Problem
from evalhub.evaluators import Context, Evaluator, Outcome, run
from evalhub.models import BLOCKED, PENDING, Conversation, Recording, RubricVersion
from evalhub.rubrics import load_library, to_version
from evalhub.score_rows import outcome_row, score_row
from evalhub.settings import Settings


def choose_evaluators(names: Sequence[str] | None) -> list[Evaluator]:
    """The evaluators with these names, or all, with their default configuration.

    Raises:
        BadInput: there is none of that name; lists those there are.
    """
    known = plugins.evaluators()
    for name in names or ():
        if name not in known:
            raise BadInput("Unknown evaluator.", [Problem("--evaluators", _instead(name, list(known)), repr(name))])
    return [known[name]() for name in (dict.fromkeys(names) if names else known)]


def choose_rubric(key: str) -> RubricVersion:
    """A rubric of the library.

    Raises:
        BadInput: there is none of that name; lists those there are.
    """
    library = load_library()
    if key not in library:
        raise BadInput("Unknown rubric.", [Problem("--rubric", _instead(key, list(library)), repr(key))])
    return to_version(library[key], 1)


def read_rules(path: Path | None) -> tuple[BusinessRule, ...]:
    """The business rules of a TOML file; none without a file.

    Raises:
        BadInput: it cannot be read, or a rule is wrong; names every fault with its place.
    """
    return parse_rules(_text(path), path.name) if path else ()


def read_prices(path: Path | None) -> PriceTable:
    """The built-in prices, and before them those of a TOML file. Raises BadInput as `read_rules` does."""
    return PriceTable(parse_prices(_text(path), path.name) if path else (), built_in())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}.") from error


def _instead(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"one of {', '.join(known)}" + (f" (did you mean {near[0]}?)" if near else "")


def score(
    conversation: Conversation,
    evaluators: Sequence[Evaluator],
    *,
    settings: Settings,
    rubric: RubricVersion,
    business_rules: Sequence[BusinessRule] = (),
    prices: PriceTable | None = None,
) -> Iterator[dict[str, Any]]:
    """Every row of every evaluator on one conversation; nothing an evaluator does is raised."""
    context = Context(
        settings=settings,
        audio_path=_local,
        rubric=rubric,
        business_rules=business_rules,
        prices=prices,
        shared={"recordings_final": True},
    )  # nothing will arrive later: what is missing is missing
    for evaluator in evaluators:
        context.details = {}
        yield from _rows(conversation, evaluator, run(evaluator, conversation, context))


def _local(recording: Recording) -> Path | None:
    path = Path(recording.path) if recording.path else None
    return path if path is not None and path.is_file() else None


def _rows(conversation: Conversation, evaluator: Evaluator, outcome: Outcome) -> Iterator[dict[str, Any]]:
    if not outcome.scores:
        if outcome.status == PENDING:  # it asks to be tried later; here there is no later
            outcome.status = BLOCKED
        yield outcome_row(conversation.id, evaluator.name, evaluator.version, outcome)
    for found in outcome.scores:
        found.conversation_id = conversation.id
        yield score_row(found)
