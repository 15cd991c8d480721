"""Which schema the database has and which this version wants, told without Alembic: servers ask it all their life."""

from sqlalchemy import create_engine, pool, text

from evalhub.bundled import bundled


def is_current(url: str) -> bool:
    """Whether the database has exactly the schema of this version."""
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        if connection.scalar(text("select to_regclass('alembic_version')")) is None:
            return False
        return connection.scalars(text("select version_num from alembic_version")).all() == [wanted()]


def wanted() -> str:
    """The newest revision: the files of migrations are numbered."""
    return max(path.name.partition("_")[0] for path in (bundled("migrations") / "versions").glob("[0-9]*_*.py"))
