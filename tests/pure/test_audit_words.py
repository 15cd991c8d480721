"""The audit log says every action in words."""

import ast
from collections.abc import Iterator
from pathlib import Path

import evalhub
from evalhub.accounts.audit import WORDS

CHECKOUT = Path(evalhub.__file__).parent.parent


def written() -> Iterator[str]:
    """The actions that the code writes into the log."""
    files = [path for part in ("evalhub", "webui", "workers") for path in (CHECKOUT / part).rglob("*.py")]
    for node in (node for path in files for node in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "audit":
            action = node.args[3]
            assert isinstance(action, ast.Constant)
            yield action.value


def test_every_action_has_words_and_every_word_an_action() -> None:
    assert set(written()) == set(WORDS)
