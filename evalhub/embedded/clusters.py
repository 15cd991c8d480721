"""Where a data folder's cluster lies: inside, unless the user that runs PostgreSQL cannot enter; then below /var/lib.

Once it lies somewhere it stays there, whoever may enter what later: the data folder remembers. It is never made a
second time: an empty database in place of a lost one would look like lost data.
"""

import json
import secrets
from pathlib import Path

from evalhub.embedded.datadir import MIN_FREE, DataDir, check_space
from evalhub.embedded.files import make_passable, write_whole
from evalhub.embedded.owner import Owner, find_owner
from evalhub.embedded.postgres import Postgres
from evalhub.embedded.programs import SHARED, reachable_programs, wheel_programs
from evalhub.embedded.runfolder import run_folder
from evalhub.errors import SetupError


def postgres_of(data: DataDir, shared: Path = SHARED, *, needed: int = MIN_FREE) -> Postgres:
    """The data folder's PostgreSQL, its cluster made at the first start. `needed` bytes have to be free on its disk.

    Raises:
        SetupError: the cluster is gone, out of reach, another folder's, or cannot be made.
    """
    owner = find_owner()
    programs = reachable_programs(owner, wheel_programs(), shared)
    cluster = _place(data, owner, shared)
    if data.facts().get("made") and not (cluster / "PG_VERSION").exists():
        mend = "Put it back, or restore a backup into a new folder with `evalhub restore`."
        raise SetupError(f"The database of {data.path} lay in {cluster}, and is gone.", mend)
    server = Postgres(cluster=cluster, run=run_folder(data.name), owner=owner, programs=programs)
    check_space(cluster.parent, needed)
    server.initialise()
    if not data.facts().get("made"):
        data.remember(made=True)
    return server


def _place(data: DataDir, owner: Owner, shared: Path) -> Path:
    inside = data.path / "postgres"
    if recorded := data.facts().get("cluster"):
        _check_claim(data, Path(recorded))
        return Path(recorded)
    if owner.can_enter(data.path):
        return inside
    if inside.exists():
        mend = f"Let everybody pass (chmod o+x) through {_closed(data.path, owner)}."
        raise SetupError(f"User {owner.name}, who runs PostgreSQL, cannot enter {data.path} any more.", mend)
    return _place_outside(data, shared)


def _closed(folder: Path, owner: Owner) -> Path:
    return next(path for path in (*reversed(folder.parents), folder) if not owner.can_enter(path))


def _place_outside(data: DataDir, shared: Path) -> Path:
    """A new name each time: a data folder that was removed and made again starts empty."""
    cluster = shared / f"{data.name}-{secrets.token_hex(3)}" / "postgres"
    make_passable(cluster.parent, mode=0o711)
    _claim(data, cluster)
    data.remember(cluster=str(cluster))
    return cluster


def _check_claim(data: DataDir, cluster: Path) -> None:
    """A copied data folder still names the original's cluster; a moved one may keep it."""
    claim = cluster.parent / "belongs_to.json"
    if not claim.exists():
        return
    holder = DataDir(Path(json.loads(claim.read_text())))
    if holder != data and holder.exists and holder.facts().get("cluster") == str(cluster):
        mend = "Copy data with `evalhub backup` and `evalhub restore`."
        raise SetupError(f"{data.path} is a copy of {holder.path}: both would use the database in {cluster}.", mend)
    _claim(data, cluster)


def _claim(data: DataDir, cluster: Path) -> None:
    write_whole(cluster.parent / "belongs_to.json", json.dumps(str(data.path)))
