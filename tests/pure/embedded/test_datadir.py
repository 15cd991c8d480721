"""The data folder: ours, alone, and never somebody else's."""

import os
from pathlib import Path

import pytest

from evalhub.embedded.datadir import DataDir, check_space
from evalhub.embedded.files import make_passable, write_whole
from evalhub.embedded.live import announce, find_live
from evalhub.embedded.runfolder import remove_run_folder, run_folder
from evalhub.embedded.secrets import load_secrets
from evalhub.errors import SetupError


def prepared(path: Path) -> DataDir:
    data = DataDir.at(path)
    data.prepare()
    return data


def test_it_is_made_with_what_is_above_it(tmp_path: Path) -> None:
    data = prepared(tmp_path / "a" / "b")
    assert data.logs.is_dir()
    assert data.audio.stat().st_mode & 0o777 == 0o700
    prepared(data.path)


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(SetupError, match="holds something else") as caught:
        prepared(tmp_path)
    assert "--data" in caught.value.mend
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_fresh_disk_is_taken(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    assert prepared(tmp_path).exists


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="is not a folder"):
        prepared(tmp_path / "file")


def test_a_newer_layout_is_refused(tmp_path: Path) -> None:
    data = prepared(tmp_path / "data")
    data.remember(layout=99)
    with pytest.raises(SetupError, match="newer evalhub"):
        data.prepare()


def test_a_damaged_marker_is_named(tmp_path: Path) -> None:
    data = prepared(tmp_path / "data")
    (data.path / "evalhub.json").write_text("")
    with pytest.raises(SetupError, match=r"evalhub\.json is damaged"):
        data.prepare()


def test_a_full_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"is full: \d+ MB left"):
        check_space(tmp_path, needed=1 << 60)


def test_one_at_a_time(tmp_path: Path) -> None:
    data = prepared(tmp_path / "data")
    with data.locked(), pytest.raises(SetupError, match=f"process {os.getpid()}"), data.locked():
        pass
    with data.locked():
        pass


def test_a_link_to_it_is_the_same_folder(tmp_path: Path) -> None:
    data = prepared(tmp_path / "data")
    (tmp_path / "link").symlink_to(data.path)
    assert DataDir.at(tmp_path / "link").name == data.name


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    made = load_secrets(tmp_path)
    assert len(made["secret_key"]) >= 32
    assert load_secrets(tmp_path) == made
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_damaged_secrets_are_named(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(SetupError, match=r"secrets\.json is damaged"):
        load_secrets(tmp_path)


def test_a_run_folder_is_short_and_private() -> None:
    folder = run_folder("test-short")
    assert len(str(folder / "pg" / ".s.PGSQL.5432.lock")) < 100
    assert folder.stat().st_mode & 0o066 == 0
    remove_run_folder("test-short")
    assert not folder.exists()


def test_a_run_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    folder = run_folder("test-link")
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(SetupError, match="belongs to somebody else"):
        run_folder("test-link")
    folder.unlink()


def test_what_is_above_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    make_passable(tmp_path / "new" / "newer")
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o755


def test_a_file_is_written_whole_with_its_mode(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", "one")
    write_whole(tmp_path / "file", "two", mode=0o644)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_a_platform_that_died_is_not_live(tmp_path: Path) -> None:
    data = prepared(tmp_path / "data")
    announce(data, database_url="postgresql://a", broker_url="redis://b")
    live = find_live(data)
    assert live
    assert live.database_url == "postgresql://a"
    (data.path / "running.json").write_text('{"pid": 1, "born": "x", "database_url": "", "broker_url": ""}')
    assert find_live(data) is None
