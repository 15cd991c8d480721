"""Run as `python -IS child.py PARENT UID GID SIGNAL NICENESS COMMAND...`: become COMMAND, and die with PARENT.

Linux sends SIGNAL when the parent dies, even by `kill -9`. User and group are changed first, because changing them
afterwards would clear that again. UID -1 keeps both.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


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
    os.nice(niceness)
    os.execv(sys.argv[6], sys.argv[6:])


if __name__ == "__main__":
    main()
