"""The data folder: what lies where, whose it is, and that only one evalhub uses it at a time.

No folder above the data folder is ever changed.
"""

import fcntl
import hashlib
import json
import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalhub.embedded.files import make_passable, write_whole
from evalhub.errors import SetupError

MARKER = "evalhub.json"
LAYOUT = 1
MIN_FREE = 500 << 20
NOT_FOREIGN = {"lost+found"}  # a fresh ext4 volume is not empty


@dataclass(frozen=True)
class DataDir:
    """One installation's data. `prepare` has to be called before anything else is."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> "DataDir":
        """The folder at `path`, however it is spelled: its name has to be the same at every start."""
        return cls(path.expanduser().resolve())

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
    def broker(self) -> Path:
        return self.path / "broker"

    @property
    def name(self) -> str:
        """A short name for this folder, the same at every start."""
        return hashlib.sha256(str(self.path).encode()).hexdigest()[:10]

    @property
    def exists(self) -> bool:
        return (self.path / MARKER).exists()

    def prepare(self) -> None:
        """Make the folder if it is not there, and refuse one that is not ours.

        Raises:
            SetupError: foreign, somebody else's, of a newer layout, damaged, or read-only.
        """
        with self._usable():
            self._adopt()
            for folder in (self.logs, self.audio, self.pids, self.broker):
                folder.mkdir(mode=0o700, exist_ok=True)

    def facts(self) -> dict[str, Any]:
        """What is known about this installation.

        Raises:
            SetupError: it cannot be understood.
        """
        marker = self.path / MARKER
        try:
            known: dict[str, Any] = json.loads(marker.read_text())
        except ValueError as error:
            raise SetupError(f"{marker} is damaged.", "Restore a backup into a new folder.") from error
        return known

    def remember(self, **facts: Any) -> None:
        """Add to what is known about this installation."""
        write_whole(self.path / MARKER, json.dumps({**self.facts(), **facts}) + "\n", mode=0o644)

    def _adopt(self) -> None:
        self._make()
        marker = self.path / MARKER
        if marker.exists():
            self._check_ours(marker)
            return
        if {entry.name for entry in self.path.iterdir()} - NOT_FOREIGN:
            mend = "Give an empty or new folder with --data."
            raise SetupError(f"{self.path} holds something else than evalhub's data.", mend)
        if os.geteuid() == 0:  # PostgreSQL runs as a user of its own, which passes through
            self.path.chmod(self.path.stat().st_mode & 0o7777 | 0o011)
        write_whole(marker, json.dumps({"layout": LAYOUT}) + "\n", mode=0o644)

    def _make(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise SetupError(f"{self.path} is not a folder.", "Give another with --data.")
        if os.geteuid() == 0:
            make_passable(self.path, mode=0o711)
        else:
            self.path.mkdir(parents=True, mode=0o700, exist_ok=True)

    def _check_ours(self, marker: Path) -> None:
        if (uid := marker.stat().st_uid) != os.geteuid():
            mend = "Run evalhub as that user, or give another folder with --data."
            raise SetupError(f"The data in {self.path} belongs to {_user(uid)}.", mend)
        if self.facts().get("layout", 0) > LAYOUT:
            raise SetupError(
                f"{self.path} was made by a newer evalhub.", "Install that version, or use another folder."
            )

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            mend = "Make it writable, or give another with --data."
            raise SetupError(f"The data folder {self.path} cannot be used: {error.strerror}.", mend) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process.

        Raises:
            SetupError: another evalhub holds it, or it is read-only.
        """
        with self._usable():
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                holder = file.read().strip() or "?"
                mend = "Stop that one first, or give another folder with --data."
                raise SetupError(f"evalhub is running on {self.path} already: process {holder}.", mend) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield


def check_space(folder: Path, needed: int) -> None:
    """Refuse a disk that is full.

    Raises:
        SetupError: less than `needed` bytes are free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        mend = f"Free at least {needed >> 20} MB, or use another disk with --data."
        raise SetupError(f"The disk of {folder} is full: {free >> 20} MB left.", mend)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
