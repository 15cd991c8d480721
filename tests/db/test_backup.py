"""A backup brings everything back; what is not whole, or would overwrite, is refused."""

from pathlib import Path

import pytest
from sqlalchemy import select

from evalhub.backup import backup, restore
from evalhub.errors import SetupError
from evalhub.models import Conversation, Project
from evalhub.services import Services, open_services
from evalhub.settings import Settings
from tests.conftest import execute, with_database
from tests.factories import make_conversation


@pytest.fixture
def saved(services: Services, project: Project, tmp_path: Path) -> Path:
    """A backup of one conversation and one recording."""
    with services.work() as session:
        session.add(make_conversation(project_id=project.id))
    services.audio.put(project.id, [b"sound"])
    backup(services.settings.database_url or "", services.audio.folder, tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def empty(postgres_url: str, tmp_path: Path):
    execute(postgres_url, "create database restored")
    url = with_database(postgres_url, "restored")
    opened = open_services(Settings(data_dir=tmp_path / "other", database_url=url))
    yield opened
    opened.close()
    execute(postgres_url, "drop database restored with (force)")


def test_everything_comes_back(saved: Path, empty: Services) -> None:
    restore(empty.settings.database_url or "", empty.audio.folder, saved)
    with empty.sessions() as session:
        assert session.scalars(select(Conversation.id)).all() == ["call-1"]
    assert [path.read_bytes() for path in empty.audio.folder.rglob("*") if path.is_file()] == [b"sound"]


def test_a_database_that_holds_something_is_not_overwritten(saved: Path, services: Services) -> None:
    with pytest.raises(SetupError, match="not empty"):
        restore(services.settings.database_url or "", services.audio.folder, saved)


def test_a_folder_that_is_no_backup_is_refused(empty: Services, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no whole backup"):
        restore(empty.settings.database_url or "", empty.audio.folder, tmp_path)
