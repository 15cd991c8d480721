"""Secrets of an installation: made at the first start, readable by their owner only, never defaults."""

import json
import secrets
from pathlib import Path

from evalhub.embedded.files import write_whole
from evalhub.errors import SetupError

NAMES = ("secret_key",)


def load_secrets(folder: Path) -> dict[str, str]:
    """The secrets in `folder/secrets.json`; what is missing is made.

    Raises:
        SetupError: the file is there and cannot be understood.
    """
    path = folder / "secrets.json"
    known = _read(path) if path.exists() else {}
    made = {name: secrets.token_urlsafe(32) for name in NAMES if name not in known}
    if made:
        write_whole(path, json.dumps(known | made, indent=1))
    return known | made


def _read(path: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads(path.read_text())
    except ValueError as error:
        mend = "Put a copy of it back, or remove it: new secrets are made and everybody signs in again."
        raise SetupError(f"{path} is damaged.", mend) from error
    return known
