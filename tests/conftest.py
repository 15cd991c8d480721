"""Real PostgreSQL for every test that asks: migrated once as a template database, cloned for each test."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from evalhub.evaluations.rules import install_rules
from evalhub.migrate import migrate
from evalhub.models import Project
from evalhub.services import Services, open_services
from evalhub.settings import Settings

settings.register_profile(
    "evalhub",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("evalhub")  # the same examples for everybody; speed is measured in bench/, not asserted here

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server: EVALHUB_TEST_DATABASE_URL, else one started from the wheel for this test run."""
    if given := os.environ.get("EVALHUB_TEST_DATABASE_URL"):
        yield given
        return
    from evalhub.embedded.postgres import embedded_postgres

    # a database that autovacuum is busy with cannot be dropped by who owns it
    with embedded_postgres(tmp_path_factory.mktemp("postgres"), autovacuum="off") as url:
        yield url


def execute(server: str, statement: str) -> None:
    engine = create_engine(server, poolclass=pool.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))


def with_database(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> Iterator[str]:
    """The name of a migrated, empty database that tests clone."""
    name = f"template_{uuid4().hex[:8]}"
    execute(postgres_url, f"create database {name}")
    migrate(with_database(postgres_url, name))
    yield name
    execute(postgres_url, f"drop database if exists {name} with (force)")


@pytest.fixture
def database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """An own, migrated, empty database."""
    name = f"test_{uuid4().hex[:12]}"
    execute(postgres_url, f"create database {name} template {template_database}")
    yield with_database(postgres_url, name)
    execute(postgres_url, f"drop database if exists {name} with (force)")


@pytest.fixture
def services(database_url: str, tmp_path: Path) -> Iterator[Services]:
    """What a process holds open, with no broker: jobs are called directly."""
    opened = open_services(Settings(data_dir=tmp_path / "data", database_url=database_url))
    yield opened
    opened.close()


@pytest.fixture
def session(services: Services) -> Iterator[Session]:
    """A session whose transaction the test may commit or leave."""
    with services.sessions() as opened:
        yield opened


@pytest.fixture
def project(services: Services) -> Project:
    """A committed, empty project that evaluates everything."""
    with services.work() as session:
        made = Project(slug="demo", name="Demo")
        session.add(made)
        session.flush()
        install_rules(session, made.id)
    return made


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recordings that nobody here made; they are not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no outside recordings at {SHARED_DATA}: this check runs only where they are")
    return SHARED_DATA
