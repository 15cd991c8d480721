"""Before the tests: a browser, installed where that may be done. Without one the browser tests skip, loudly."""

import os
import shutil
import subprocess
import sys


def main() -> None:
    if shutil.which("chromium") or shutil.which("google-chrome"):
        return
    if not _install():
        print("\n*** NO BROWSER: browser tests will be skipped. Install chromium (Debian: apt install chromium). ***\n")


def _install() -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print("Installing chromium for the browser tests ...", flush=True)
    quiet = {
        "stdout": subprocess.DEVNULL,
        "stderr": sys.stderr,
        "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
    }
    return all(subprocess.run(command, check=False, **quiet).returncode == 0 for command in COMMANDS)


COMMANDS = (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"])

if __name__ == "__main__":
    main()
