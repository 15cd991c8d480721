"""Run as `python -IS child.py PARENT UID GID SIGNAL NICENESS COMMAND...`: become COMMAND, and die with PARENT.

Linux sends SIGNAL when the parent dies, even by `kill -9`. User and group are changed first, because changing them
afterwards would clear that again. UID -1 keeps both.
"""

import ctypes
import os
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
TRIES = 20
AUTOGROUP = Path("/proc/self/autogroup")


def nice_as_a_group(niceness: int) -> None:
    """Linux may share out the processor by sessions, and each child is one: being nice then counts within it alone."""
    for _ in range(TRIES):
        try:
            AUTOGROUP.write_text(str(niceness))
            break
        except BlockingIOError:  # it takes one such wish in a tenth of a second, from all processes together
            time.sleep(0.1)
        except OSError:  # this kernel has no such groups
            break


def main() -> None:
    parent, uid, gid, signal, niceness = (int(text) for text in sys.argv[1:6])
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal)
    if os.getppid() != parent:  # it died while we started
        sys.exit(1)
    if niceness:
        os.nice(niceness)
        nice_as_a_group(niceness)
    os.execv(sys.argv[6], sys.argv[6:])


if __name__ == "__main__":
    main()
