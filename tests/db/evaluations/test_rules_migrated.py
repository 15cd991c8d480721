"""Projects from before there were rules: they go on as they did, in either direction."""

import pytest
from alembic import command
from sqlalchemy import create_engine, pool, text

from evalhub.migrate import alembic_config, migrate

pytestmark = pytest.mark.db
OLD = """
insert into project (slug, name, quiet_period_s, settings) values
  ('few', 'Few', 60, '{"judge": {"share": 0.2, "daily_calls": 5, "daily_usd": null, "asked_again": 0.02},
    "rubric": "care"}'),
  ('all', 'All', 60, '{"judge": {"daily_calls": 7}}'), ('new', 'New', 60, '{}');
insert into conversation (project_id, id, state, tags) select id, 'call', 'ended', '[]' from project;
insert into evaluation (project_id, conversation_id, evaluator, version, config_hash, kind_of_work, status, attempt)
select id, 'call', kind, '1', '', kind, case kind when 'text' then 'done' else 'pending' end, 0
from project, unnest(array['text', 'judge']) as kind;
"""


def test_the_share_of_judges_moves_into_their_rule_and_back(database_url: str) -> None:
    config, engine = alembic_config(database_url), create_engine(database_url, poolclass=pool.NullPool)
    command.downgrade(config, "0005")
    with engine.begin() as connection:
        connection.execute(text(OLD))
    migrate(database_url)
    rules = """select slug, rule.name, share, evaluators, version from evaluation_rule as rule
      join project on project.id = project_id order by slug, rule.name"""
    waiting = """select evaluation_rule.name, rule_version, status from evaluation left join evaluation_rule
      on evaluation_rule.id = rule_id where evaluation.project_id = 1 order by evaluator"""
    with engine.begin() as connection:
        assert connection.execute(text(rules)).all() == [
            ("all", "Checks by code", 1.0, ["audio", "text"], 1),
            ("all", "Judges", 1.0, ["judge"], 1),
            ("few", "Checks by code", 1.0, ["audio", "text"], 1),
            ("few", "Judges", 0.2, ["judge"], 1),
            ("new", "Checks by code", 1.0, ["audio", "text"], 1),
            ("new", "Judges", 1.0, ["judge"], 1),
        ]
        assert settings(connection) == {
            "all": {"judge": {"daily_calls": 7}},
            "few": {"judge": {"daily_calls": 5, "daily_usd": None, "asked_again": 0.02}, "rubric": "care"},
            "new": {},
        }
        assert connection.execute(text(waiting)).all() == [("Judges", 1, "pending"), (None, None, "done")]
    command.downgrade(config, "0005")
    with engine.begin() as connection:
        found = settings(connection)
    assert found["few"]["judge"] == {"share": 0.2, "daily_calls": 5, "daily_usd": None, "asked_again": 0.02}
    assert (found["all"], found["new"]) == ({"judge": {"daily_calls": 7}}, {})


def settings(connection):  # type: ignore[no-untyped-def]
    return dict(connection.execute(text("select slug, settings from project")).all())
