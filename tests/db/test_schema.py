"""The migrations and the models say the same, in both directions."""

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, pool

from evalhub.migrate import alembic_config, migrate
from evalhub.schema import is_current, wanted


def test_autogenerate_finds_no_difference(database_url: str) -> None:
    command.check(alembic_config(database_url))
    assert is_current(database_url)


def test_the_newest_migration_is_the_one_that_is_wanted(database_url: str) -> None:
    assert wanted() == ScriptDirectory.from_config(alembic_config(database_url)).get_current_head()


def test_an_empty_database_is_not_current(postgres_url: str) -> None:
    assert not is_current(postgres_url)


def test_downgrade_leaves_nothing_and_upgrade_brings_it_back(database_url: str) -> None:
    command.downgrade(alembic_config(database_url), "base")
    engine = create_engine(database_url, poolclass=pool.NullPool)
    assert inspect(engine).get_table_names() == ["alembic_version"]
    migrate(database_url)
    assert "conversation" in inspect(engine).get_table_names()


def test_every_table_is_keyed_by_its_project(database_url: str) -> None:
    of_people = {"user", "sign_in_link", "project", "alembic_version"}
    inspector = inspect(create_engine(database_url, poolclass=pool.NullPool))
    for table in set(inspector.get_table_names()) - of_people:
        assert "project_id" in inspector.get_pk_constraint(table)["constrained_columns"], table
