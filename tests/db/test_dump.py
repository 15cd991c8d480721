"""Copies of a database: whole, private, and put back all or not at all."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, pool

from evalhub.embedded.dump import dump_database, restore_database
from evalhub.errors import SetupError
from tests.conftest import execute

pytestmark = pytest.mark.db


def tables(url: str) -> set[str]:
    return set(inspect(create_engine(url, poolclass=pool.NullPool)).get_table_names())


def test_there_and_back(database_url: str, tmp_path: Path) -> None:
    before = tables(database_url)
    dump_database(database_url, tmp_path / "copy")
    execute(database_url, "drop table label cascade")
    execute(database_url, "create table newer (id int)")
    restore_database(database_url, tmp_path / "copy")
    restore_database(database_url, tmp_path / "copy")
    assert tables(database_url) == before
    assert "label" in before


def test_a_copy_is_private_and_leaves_nothing_beside_it(database_url: str, tmp_path: Path) -> None:
    dump_database(database_url, tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600


def test_a_copy_that_is_cut_short_changes_nothing(database_url: str, tmp_path: Path) -> None:
    dump_database(database_url, tmp_path / "copy")
    whole = (tmp_path / "copy").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) - 100])
    execute(database_url, "create table newer (id int)")
    with pytest.raises(SetupError, match="could not be restored, nothing is changed"):
        restore_database(database_url, tmp_path / "cut")
    assert "newer" in tables(database_url)


def test_what_is_no_copy_is_refused(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(SetupError) as caught:
        restore_database(database_url, tmp_path / "letter")
    assert "not a copy made by `evalhub backup`" in caught.value.mend


def test_a_database_in_use_is_not_touched(database_url: str, tmp_path: Path) -> None:
    dump_database(database_url, tmp_path / "copy")
    with create_engine(database_url, poolclass=pool.NullPool).begin() as connection:
        connection.exec_driver_sql("lock table label")
        with pytest.raises(SetupError) as caught:
            restore_database(database_url, tmp_path / "copy", patience="100ms")
    assert caught.value.mend == "The database is in use: stop evalhub first."


def test_a_server_that_is_away_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught:
        dump_database("postgresql+psycopg://a:secret@/b?host=/nowhere", tmp_path / "copy")
    assert "Check that the database runs" in caught.value.mend
    assert "secret" not in str(caught.value)
    assert not list(tmp_path.iterdir())
