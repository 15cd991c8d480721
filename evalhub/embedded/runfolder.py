"""The run folder: where sockets lie. Short, because a socket path has to stay under 108 bytes; private to one user."""

import os
import shutil
import stat
from pathlib import Path

from evalhub.errors import SetupError


def run_folder(name: str) -> Path:
    """The run folder of this name, made where it is missing.

    Raises:
        SetupError: somebody else made a folder of that name, or there is no place for one.
    """
    folder = _base() / f"evalhub-{os.geteuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise SetupError(f"{folder} belongs to somebody else.", "Have it removed: sockets of evalhub go there.")
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)  # as root, PostgreSQL's own user passes through
    return folder


def remove_run_folder(name: str) -> None:
    """Leave nothing behind."""
    shutil.rmtree(run_folder(name), ignore_errors=True)


def _base() -> Path:
    """Not $XDG_RUNTIME_DIR first: it vanishes when the user logs out, and evalhub may have been left running."""
    bases = ["/run", "/tmp"] if os.geteuid() == 0 else ["/tmp", os.environ.get("XDG_RUNTIME_DIR", "")]  # noqa: S108
    for base in bases:
        if base and len(base) < 40 and os.access(base, os.W_OK | os.X_OK):
            return Path(base)
    raise SetupError("There is no place for sockets.", f"Make {bases[-1] or bases[0]} writable.")
