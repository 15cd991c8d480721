"""What people write down for a project as TOML: its business rules, its prices."""

import tomllib
from collections.abc import Callable, Iterable
from typing import Any

from evalhub.errors import BadInput, Problem

LONGEST_TEXT = 100_000


def read_toml(text: str, name: str, check: Callable[[dict[str, Any]], Iterable[Problem]]) -> dict[str, Any]:
    """The content of a TOML text, called `name` in messages.

    Raises:
        BadInput: it is no TOML, or `check` finds something wrong; names every fault with its place.
    """
    if len(text) > LONGEST_TEXT:
        raise BadInput(f"{name}: {len(text):,} characters, more than {LONGEST_TEXT:,}.")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{name}: no TOML: {error}.") from None
    if problems := list(check(content)):
        raise BadInput(f"{name} cannot be used.", problems)
    return content
