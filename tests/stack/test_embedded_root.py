"""What root may not do to the machine: no folder above the data folder changes, whoever can enter it or not."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalhub.embedded.clusters import postgres_of
from evalhub.embedded.datadir import DataDir
from evalhub.embedded.owner import find_owner
from evalhub.embedded.platform import running
from evalhub.embedded.programs import reachable_programs, wheel_programs
from evalhub.embedded.runfolder import remove_run_folder
from evalhub.errors import SetupError
from tests.stack.embedded import ask, passable_folder, settings

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root hands PostgreSQL to another user"),
]


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder that everybody may pass, with `private` in it, which only root may."""
    with passable_folder() as folder:
        (folder / "private").mkdir(mode=0o700)
        yield folder


def prepared(path: Path) -> DataDir:
    data = DataDir.at(path)
    data.prepare()
    return data


def modes(*folders: Path) -> list[tuple[int, int]]:
    return [(folder.stat().st_mode, folder.stat().st_uid) for folder in folders]


def test_a_private_parent_stays_private(base: Path) -> None:
    before = modes(base, base / "private", base.parent)
    data = prepared(base / "private" / "data")
    server = postgres_of(data, base / "shared")
    assert server.cluster.is_relative_to(base / "shared")
    assert data.facts()["cluster"] == str(server.cluster)
    assert modes(base, base / "private", base.parent) == before
    remove_run_folder(data.name)


def test_the_cluster_belongs_to_an_unprivileged_user_and_the_rest_to_root(base: Path) -> None:
    with running(settings(base / "data")) as platform:
        assert ask(platform.database_url, "select true")
    owner = find_owner()
    assert owner.uid != 0
    given = {path for path in (base / "data").rglob("*") if path.stat().st_uid != 0}
    assert given
    assert all(path.is_relative_to(base / "data" / "postgres") for path in given)


def test_a_strict_umask_does_not_matter(base: Path) -> None:
    before = os.umask(0o077)
    try:
        with running(settings(base / "new" / "data")) as platform:
            assert ask(platform.database_url, "select true")
    finally:
        os.umask(before)
    assert (base / "new" / "data" / "postgres" / "PG_VERSION").exists()


def test_a_cluster_of_another_number_is_taken_over(base: Path) -> None:
    """A volume outlives the image in which the user had another number."""
    data = prepared(base / "data")
    server = postgres_of(data)
    for path in (server.cluster, *server.cluster.rglob("*")):
        os.chown(path, 54321, 54321)
    with running(settings(data.path)) as platform:
        assert ask(platform.database_url, "select true")


def test_a_cluster_stays_where_it_is_when_the_folder_opens(base: Path) -> None:
    data = prepared(base / "private" / "data")
    first = postgres_of(data, base / "shared")
    (base / "private").chmod(0o755)
    assert postgres_of(data, base / "shared").cluster == first.cluster
    remove_run_folder(data.name)


def test_a_folder_that_was_closed_is_named(base: Path) -> None:
    data = prepared(base / "data")
    postgres_of(data)
    base.chmod(0o700)
    with pytest.raises(SetupError, match="cannot enter") as caught:
        postgres_of(data)
    assert caught.value.mend == f"Let everybody pass (chmod o+x) through {base}."
    remove_run_folder(data.name)


def test_a_copy_of_the_data_folder_does_not_share_the_cluster(base: Path) -> None:
    data = prepared(base / "private" / "data")
    postgres_of(data, base / "shared")
    copy = DataDir.at(Path(shutil.copytree(data.path, base / "private" / "copy")))
    with pytest.raises(SetupError, match="is a copy of"):
        postgres_of(copy, base / "shared")
    remove_run_folder(data.name)


def test_a_moved_data_folder_keeps_its_cluster(base: Path) -> None:
    data = prepared(base / "private" / "data")
    first = postgres_of(data, base / "shared")
    remove_run_folder(data.name)
    moved = DataDir.at(data.path.rename(base / "private" / "moved"))
    assert postgres_of(moved, base / "shared").cluster == first.cluster
    remove_run_folder(moved.name)


def test_a_cluster_that_is_gone_is_missed_not_made_anew(base: Path) -> None:
    data = prepared(base / "private" / "data")
    shutil.rmtree(postgres_of(data, base / "shared").cluster)
    with pytest.raises(SetupError, match="is gone"):
        postgres_of(data, base / "shared")
    remove_run_folder(data.name)


def test_programs_out_of_reach_are_copied_once(base: Path) -> None:
    package = wheel_programs().parents[1]
    site = base / "private" / "site"
    shutil.copytree(package, site / package.name)
    shutil.copytree(package.parent / f"{package.name}.libs", site / f"{package.name}.libs")
    (site / package.name).chmod(0o700)
    inside = site / wheel_programs().relative_to(package.parent)
    copied = reachable_programs(find_owner(), inside, base / "shared")
    assert copied.is_relative_to(base / "shared")
    assert reachable_programs(find_owner(), inside, base / "shared") == copied
    assert len(list((base / "shared" / "programs").iterdir())) == 1


def test_a_data_folder_that_was_removed_starts_empty(base: Path) -> None:
    data = prepared(base / "private" / "data")
    first = postgres_of(data, base / "shared")
    shutil.rmtree(data.path)
    data.prepare()
    assert postgres_of(data, base / "shared").cluster != first.cluster
    remove_run_folder(data.name)


def test_data_of_another_user_is_refused(base: Path) -> None:
    data = prepared(base / "data")
    os.chown(data.path / "evalhub.json", 54321, 54321)
    with pytest.raises(SetupError, match="belongs to user 54321"):
        data.prepare()


def test_a_read_only_folder_is_refused(base: Path) -> None:
    data = prepared(base / "data")
    mounted = os.system(f"mount --bind {data.path} {data.path} && mount -o remount,ro,bind {data.path}") == 0  # noqa: S605
    if not mounted:
        pytest.skip("this machine does not let root mount")
    try:
        with pytest.raises(SetupError, match="Read-only file system"), running(settings(data.path)):
            pass
    finally:
        os.system(f"umount {data.path}")  # noqa: S605
