"""The data folder: what lies where, whose it is, and that only one `evalhub up` uses it at a time.

No folder above the data folder is ever changed. Sockets live in a short private run folder, because a socket path has
to stay under 108 bytes.
"""

import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evalhub.errors import SetupError

MARKER = "evalhub.json"
LAYOUT = 1
MIN_FREE = 500 << 20


@dataclass(frozen=True)
class DataDir:
    """One installation's data. `prepare` has to be called before anything else is."""

    path: Path

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def audio(self) -> Path:
        return self.path / "audio"

    @property
    def pids(self) -> Path:
        return self.path / "pids"

    @property
    def name(self) -> str:
        """A short name for this folder, the same at every start."""
        return hashlib.sha256(str(self.path).encode()).hexdigest()[:10]

    def prepare(self) -> None:
        """Make the folder if it is not there, and refuse one that is not ours.

        Raises:
            SetupError: foreign, of a newer layout, read-only, or on a full disk.
        """
        try:
            if not self.path.exists():
                self.path.mkdir(parents=True, mode=0o711 if os.geteuid() == 0 else 0o700)
            self._check_ours()
            for folder in (self.logs, self.audio, self.pids):
                folder.mkdir(mode=0o700, exist_ok=True)
            self._mark()
        except OSError as error:
            mend = "Give another with --data, or make it writable."
            raise SetupError(f"The data folder {self.path} cannot be used: {error.strerror}.", mend) from error
        self._check_space()

    def _check_ours(self) -> None:
        if not self.path.is_dir():
            raise SetupError(f"{self.path} is not a folder.", "Give another with --data.")
        marker = self.path / MARKER
        if marker.exists():
            layout = json.loads(marker.read_text())["layout"]
            if layout > LAYOUT:
                raise SetupError(
                    f"{self.path} was made by a newer evalhub.", "Install that version, or give another folder."
                )
        elif any(self.path.iterdir()):
            raise SetupError(
                f"{self.path} holds something else than evalhub's data.", "Give an empty folder with --data."
            )

    def _mark(self) -> None:
        marker = self.path / MARKER
        if not marker.exists():
            marker.write_text(json.dumps({"layout": LAYOUT}) + "\n")
        elif not os.access(self.path, os.W_OK):
            raise PermissionError(13, "it is read-only")

    def _check_space(self) -> None:
        free = shutil.disk_usage(self.path).free
        if free < MIN_FREE:
            left = f"{free >> 20} MB"
            raise SetupError(
                f"The disk of {self.path} is full: {left} left.", f"Free {MIN_FREE >> 20} MB, or use --data."
            )

    def run_folder(self) -> Path:
        """A short private folder for sockets.

        Raises:
            SetupError: somebody else made a folder of that name.
        """
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")  # noqa: S108  (its owner and mode are checked)
        base = base if base.is_dir() and os.access(base, os.W_OK) and len(str(base)) < 40 else Path("/tmp")  # noqa: S108
        folder = base / f"evalhub-{os.geteuid()}-{self.name}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise SetupError(f"{folder} belongs to somebody else.", "Remove it, or set XDG_RUNTIME_DIR.")
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)  # as root, PostgreSQL's own user passes through
        return folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process.

        Raises:
            SetupError: another evalhub holds it.
        """
        with (self.path / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                mend = "Stop it first, or give another folder with --data."
                raise SetupError(f"Process {file.read().strip() or '?'} is using {self.path}.", mend) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield
