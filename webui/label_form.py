"""Between the scorecard's form and a draft's payload."""

import json
from collections.abc import Iterable
from typing import Any

from werkzeug.datastructures import MultiDict

from evalhub.models import Json

Form = MultiDict[str, str]


def payload_of(form: Form) -> Json:
    """What is filled in: `choice.policy`, `comment.policy`, `evidence.policy` (JSON), `turns.policy` (no script)."""
    keys = dict.fromkeys(name.partition(".")[2] for name in form if name.startswith(("choice.", "comment.")))
    read = {
        "seconds": _json(form, "seconds"),
        "heard": _json(form, "heard"),
        "heard_fraction": _json(form, "heard_fraction"),
    }
    known = {name: value for name, value in read.items() if value is not None}
    return {"answers": {key: _answer(form, key) for key in keys}} | known


def _answer(form: Form, key: str) -> Json:
    marked = _json(form, f"evidence.{key}")
    named = [{"turn_id": turn} for turn in form.getlist(f"turns.{key}")]
    moments = marked if isinstance(marked, list) else []
    return {
        "choice": form.get(f"choice.{key}", ""),
        "comment": form.get(f"comment.{key}", ""),
        "evidence": [*moments, *_new(named, moments)],
    }


def _new(moments: Iterable[Any], known: Iterable[Any]) -> list[Any]:
    seen = list(known)
    return [moment for moment in moments if moment not in seen]


def _json(form: Form, name: str) -> Any:
    try:
        return json.loads(form.get(name) or "null")
    except ValueError:
        return None
