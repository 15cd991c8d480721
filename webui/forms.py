"""Forms: what was filled in wrongly is said on the page where it was asked for."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request

from evalhub.errors import BadInput, Conflict, Problem
from webui.context import give_up

View = Callable[..., Any]


def stay_on(page: View) -> Callable[[View], View]:
    """A view whose refusals show `page(error=...)` again; nothing of the request is kept."""

    def decorate(view: View) -> View:
        @wraps(view)
        def attempt(**values: Any) -> Any:
            try:
                return view(**values)
            except (BadInput, Conflict) as refused:
                give_up()
                return page(error=str(refused)), getattr(refused, "status", 409)

        return attempt

    return decorate


def number(name: str, allowed: range) -> int:
    """A field of the form as a number.

    Raises:
        BadInput: it is none, or out of range.
    """
    text = request.form.get(name, "").strip()
    if text.isdecimal() and len(text) < 10 and int(text) in allowed:
        return int(text)
    expected = f"a whole number from {allowed.start} to {allowed.stop - 1}"
    raise BadInput("This number cannot be used.", [Problem(name, expected, repr(text))])
