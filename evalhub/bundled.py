"""Finding what is shipped beside the code: migrations and sample traces, in a checkout and in an installed wheel."""

from pathlib import Path

from evalhub.errors import SetupError

PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """The folder `name`: inside the wheel under `evalhub/_bundled`, in a checkout beside the package.

    Raises:
        SetupError: it is in neither place.
    """
    for folder in (PACKAGE / "_bundled" / name, PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise SetupError(f"This installation has no {name} folder.", mend="Install evalhub again.")
