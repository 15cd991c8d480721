"""What `pip install` brings is whole: the command works from an installation, far from any checkout."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.stack
CHECKOUT = Path(__file__).parents[2]
FOUND = "from evalhub.bundled import bundled; print(bundled('migrations'), bundled('sample_traces'))"


def run(*command: object, cwd: Path, **env: str) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env or None, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel of this checkout is installed; its dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist", cwd=CHECKOUT)
    [wheel] = (folder / "dist").glob("*.whl")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-index")
    run(sys.executable, "-m", "pip", "install", *quiet, "--target", folder / "lib", wheel, cwd=folder)
    return folder / "lib"


def test_the_installed_command_runs(installed: Path) -> None:
    said = run(sys.executable, installed / "bin" / "evalhub", "--version", cwd=installed, PYTHONPATH=str(installed))
    assert said.startswith("evalhub, version")


def test_migrations_and_samples_lie_inside_the_installation(installed: Path) -> None:
    said = run(sys.executable, "-P", "-c", FOUND, cwd=installed, PYTHONPATH=str(installed))
    migrations, samples = map(Path, said.split())
    assert installed in migrations.parents
    assert installed in samples.parents
    assert list((migrations / "versions").glob("*.py"))
    assert (samples / "expected.json").is_file()


def test_the_front_end_is_built_and_its_sources_stay_behind(installed: Path) -> None:
    assert (installed / "webui" / "static" / "built" / "app.js").is_file()
    assert not (installed / "webui" / "frontend").exists()
    assert list((installed / "webui" / "templates").rglob("*.html"))


def test_samples_are_scored_from_the_installation(installed: Path) -> None:
    case = "sample_traces/native/wrong-order-number"
    folder = installed / "evalhub" / "_bundled" / case
    command = ("-m", "evalhub", "score", folder, "--evaluators", "function_calls", "--json")
    assert '"function_calls.correct"' in run(sys.executable, *command, cwd=installed, PYTHONPATH=str(installed))
