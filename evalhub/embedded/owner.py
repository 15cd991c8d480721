"""Who runs PostgreSQL. It refuses to run as root, so root hands it to an unprivileged user.

A system user of its own is the safest: shared ones (`postgres`, `nobody`) run other things that could then read the
database, and logind removes the shared memory of ordinary users when they log out. Where no user can be made (a
read-only /etc, no useradd), those two have to do.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalhub.errors import SetupError

OWN_USER = "evalhub-pg"
FALLBACKS = ("postgres", "nobody")
NO_LOGIN = ["--home-dir", "/nonexistent", "--no-create-home", "--shell", "/usr/sbin/nologin"]
MAKERS = (
    ["useradd", "--system", "--user-group", *NO_LOGIN, OWN_USER],
    ["adduser", "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/sbin/nologin", OWN_USER],  # busybox
)
SYSTEM_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


@dataclass(frozen=True)
class Owner:
    """A user of this machine that programs are run as."""

    name: str
    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        return self.uid == os.geteuid()

    def run(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a short command as this user."""
        who = {} if self.is_us else {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", env=env, **who)  # type: ignore[call-overload,no-any-return]

    def can(self, *command: str) -> bool:
        """Whether a command succeeds when this user runs it."""
        try:
            return self.run(command).returncode == 0
        except OSError:
            return False

    def can_enter(self, folder: Path) -> bool:
        """Whether this user may pass through a folder and everything above it."""
        return self.is_us or self.can("/bin/sh", "-c", 'test -x "$0"', str(folder))

    def give(self, folder: Path) -> None:
        """Make a folder and all in it this user's, unless it is already."""
        if folder.stat().st_uid == self.uid:
            return
        for _, folders, files, at in os.fwalk(folder):
            for name in (*folders, *files):
                os.chown(name, self.uid, self.gid, dir_fd=at, follow_symlinks=False)
        os.chown(folder, self.uid, self.gid)  # last: interrupted, it is done again


def find_owner() -> Owner:
    """The user that runs PostgreSQL: ourselves, or for root an unprivileged one, made where it is missing.

    Raises:
        SetupError: there is none.
    """
    if os.geteuid() != 0:
        return _ourselves()
    found = _known(OWN_USER) or _made() or next(filter(None, map(_known, FALLBACKS)), None)
    if found and found.can("/bin/sh", "-c", "true"):
        return found
    mend = "Start evalhub as an ordinary user, or set EVALHUB_DATABASE_URL."
    raise SetupError("PostgreSQL does not run as root, and there is no other user to switch to.", mend)


def _ourselves() -> Owner:
    if name := _name_of(os.geteuid()):
        return Owner(name, os.geteuid(), os.getegid())
    mend = "Add it to /etc/passwd, start as a user with a name, or set EVALHUB_DATABASE_URL."
    raise SetupError(f"User {os.geteuid()} has no name on this machine; PostgreSQL needs one.", mend)


def _name_of(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def _known(name: str) -> Owner | None:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    return Owner(name, found.pw_uid, found.pw_gid)


def _made() -> Owner | None:
    for command in MAKERS:
        if program := shutil.which(command[0], path=SYSTEM_PATH):
            subprocess.run([program, *command[1:]], check=False, capture_output=True)
            if found := _known(OWN_USER):
                return found
    return None
