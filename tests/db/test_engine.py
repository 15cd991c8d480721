"""Connections that ended while nobody used them are replaced unnoticed; who waits for the disk, and who does not."""

import pytest
from sqlalchemy import text

from evalhub import db
from evalhub.models import Project
from evalhub.services import Services
from tests.factories import make_conversation


def test_a_connection_that_died_while_resting_is_replaced(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "RESTED_S", -1.0)  # every connection counts as rested
    own, other = (db.open_engine(str(services.settings.database_url), pool_size=1) for _ in range(2))
    with own.connect() as connection:
        number = connection.scalar(text("select pg_backend_pid()"))
    with other.connect() as connection:
        connection.execute(text("select pg_terminate_backend(:number, 5000)"), {"number": number})
    with own.connect() as connection:
        assert connection.scalar(text("select pg_backend_pid()")) != number
    own.dispose()
    other.dispose()


def test_work_that_can_be_done_again_does_not_wait_for_the_disk_and_all_other_does(services: Services) -> None:
    waits = "execute format('alter database %I set synchronous_commit = on', current_database())"
    with services.work() as session:
        session.execute(text(f"do $$ begin {waits}; end $$"))
    services.close()
    shown = []
    for repeatable in (True, False):
        with services.work(repeatable=repeatable) as session:
            shown.append(session.scalar(text("show synchronous_commit")))
    assert shown == ["off", "on"]


def test_what_stored_rows_refer_to_is_found_by_key_however_few_there_are(services: Services, project: Project) -> None:
    """A plan to read a table of one row whole would be kept for the thousands that come."""
    asked = text("explain select 1 from conversation where project_id = 1 and id = 'call-1' for key share")
    with services.work() as session:
        session.add(make_conversation(project_id=project.id))
        session.flush()
        session.execute(text("analyze conversation"))
    with services.work(repeatable=True) as session:
        assert "Seq Scan" not in " ".join(session.scalars(asked))


def test_one_statement_is_kept_without_a_transaction_around_it(services: Services) -> None:
    with services.one_statement() as session:
        session.execute(text("select set_config('evalhub.seen', 'yes', true)"))
        assert session.scalar(text("select current_setting('evalhub.seen', true)")) != "yes"  # it ended with its own
