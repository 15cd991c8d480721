"""The HTTP interface of programs: names and bodies as docs/native-format.md says. One module per noun."""

from flask import Blueprint

api = Blueprint("api", __name__, url_prefix="/api/v1")

from webui.api import conversations, evaluation_rules, parts, recordings, webhooks  # noqa: E402, F401  (they add their routes)
