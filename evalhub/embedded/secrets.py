"""Secrets of an installation: made at the first start, readable by their owner only, never defaults."""

import json
import os
import secrets
from pathlib import Path


def load_secrets(folder: Path) -> dict[str, str]:
    """The secrets in `folder/secrets.json`; what is missing is made."""
    path = folder / "secrets.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    made = {name: secrets.token_urlsafe(32) for name in ("secret_key", "database_password") if name not in known}
    if made:
        _write(path, known | made)
    return known | made


def _write(path: Path, values: dict[str, str]) -> None:
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(values, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
