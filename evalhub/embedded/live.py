"""What a running evalhub tells other commands on its machine: who it is, where its database and broker listen."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from evalhub.embedded.datadir import DataDir
from evalhub.embedded.files import write_whole
from evalhub.embedded.leftovers import born
from evalhub.errors import SetupError


@dataclass(frozen=True, kw_only=True)
class Live:
    """A running evalhub."""

    pid: int
    born: str | None
    database_url: str
    broker_url: str


def announce(data: DataDir, *, database_url: str, broker_url: str) -> None:
    """Tell that this process runs the platform of a data folder."""
    pid = os.getpid()
    live = Live(pid=pid, born=born(pid), database_url=database_url, broker_url=broker_url)
    write_whole(_file(data), json.dumps(asdict(live)))


def silence(data: DataDir) -> None:
    """Tell that nothing runs any more."""
    _file(data).unlink(missing_ok=True)


def find_live(data: DataDir) -> Live | None:
    """The evalhub that runs on a data folder, if one does.

    Raises:
        SetupError: the data folder is somebody else's.
    """
    try:
        live = Live(**json.loads(_file(data).read_text()))
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise SetupError(f"{data.path} belongs to another user.", "Run this as the user that runs evalhub.") from error
    return live if live.born == born(live.pid) else None


def _file(data: DataDir) -> Path:
    return data.path / "running.json"
