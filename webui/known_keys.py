"""API keys that were looked up a moment ago, so that a busy sender does not cost two queries a request."""

from datetime import UTC, datetime
from time import monotonic

from evalhub.accounts.keys import find_key
from evalhub.accounts.tokens import hash_of
from evalhub.models import ApiKey, Project
from webui.context import db

KNOWN_S = 1.0
MOST_KEYS = 10_000


class KnownKeys:
    """Keys that were looked up within the last second: programs send hundreds of requests with the same one.

    A key that is revoked stops working at once in the process that revokes it, within a second in the others.
    """

    def __init__(self) -> None:
        self.known: dict[str, tuple[float, ApiKey, Project]] = {}

    def find(self, token: str) -> tuple[ApiKey, Project] | None:
        """The key with this token and its project, if it may be used."""
        name, now = hash_of(token), monotonic()
        if (found := self.known.get(name)) and now < found[0]:
            _, key, project = found
            return None if key.expires_at and key.expires_at <= datetime.now(UTC) else (key, project)
        key = find_key(db(), token)
        if key is None:
            self.known.pop(name, None)
            return None
        project = db().get_one(Project, key.project_id)
        for one in (key, project):  # they outlive this request and whatever becomes of it
            db().expunge(one)
        if len(self.known) >= MOST_KEYS:
            self.known.clear()
        self.known[name] = (now + KNOWN_S, key, project)
        return key, project

    def forget(self) -> None:
        """Look every key up again."""
        self.known.clear()
