"""Where a data folder's cluster lies: inside, unless the user that runs PostgreSQL cannot enter; then below /var/lib.

Once it lies somewhere it stays there, whoever may enter what later: the data folder remembers.
"""

import json
from pathlib import Path

from evalhub.embedded.datadir import DataDir, check_space
from evalhub.embedded.files import make_passable, write_whole
from evalhub.embedded.owner import Owner, find_owner
from evalhub.embedded.postgres import Postgres
from evalhub.embedded.programs import SHARED, reachable_programs
from evalhub.embedded.runfolder import run_folder
from evalhub.errors import SetupError


def postgres_of(data: DataDir, shared: Path = SHARED) -> Postgres:
    """The data folder's PostgreSQL, its cluster made where it is missing.

    Raises:
        SetupError: the cluster is gone, out of reach, another folder's, or cannot be made.
    """
    owner = find_owner()
    cluster = _place(data, owner, shared)
    server = Postgres(cluster=cluster, run=run_folder(data.name), owner=owner, programs=reachable_programs(owner))
    server.initialise()
    check_space(cluster)
    if cluster.parent != data.path:
        data.remember(cluster=str(cluster))
    return server


def _place(data: DataDir, owner: Owner, shared: Path) -> Path:
    if recorded := data.facts().get("cluster"):
        return _elsewhere(data, Path(recorded))
    inside = data.path / "postgres"
    if owner.can_enter(data.path):
        return inside
    if inside.exists():
        mend = f"Let everybody pass (chmod o+x) through {_closed(data.path, owner)}."
        raise SetupError(f"User {owner.name}, who runs PostgreSQL, cannot enter {data.path} any more.", mend)
    outside = shared / data.name / "postgres"
    make_passable(outside.parent, mode=0o711)
    _claim(data, outside)
    return outside


def _closed(folder: Path, owner: Owner) -> Path:
    return next(path for path in (*reversed(folder.parents), folder) if not owner.can_enter(path))


def _elsewhere(data: DataDir, cluster: Path) -> Path:
    if not (cluster / "PG_VERSION").exists():
        mend = "Restore a backup into a new folder with `evalhub restore`."
        raise SetupError(f"The database of {data.path} lay in {cluster}, and is gone.", mend)
    _claim(data, cluster)
    return cluster


def _claim(data: DataDir, cluster: Path) -> None:
    """A copied data folder still names the original's cluster; a moved one may keep it."""
    claim = cluster.parent / "belongs_to.json"
    holder = Path(json.loads(claim.read_text())) if claim.exists() else data.path
    if holder != data.path and (other := DataDir(holder)).exists and other.facts().get("cluster") == str(cluster):
        mend = "Copy data with `evalhub backup` and `evalhub restore`."
        raise SetupError(f"{data.path} is a copy of {holder}: both would use the database in {cluster}.", mend)
    write_whole(claim, json.dumps(str(data.path)))
