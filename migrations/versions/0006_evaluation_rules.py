"""Evaluation rules; the share of calls that is judged moves from the settings of a project into its rule for judges.

Revision: 0006
After: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
NOW = sa.text("now()")
START = """
insert into evaluation_rule
  (project_id, name, enabled, filters, share, evaluators, version, created_by, changed_by)
select id, :name, true, '{}', SHARE, cast(:evaluators as jsonb), 1, 'evalhub', 'evalhub' from project order by id"""
JUDGES_SHARE = "coalesce((settings->'judge'->>'share')::double precision, 1)"
NAME_THE_OPEN = """
update evaluation set rule_id = evaluation_rule.id, rule_version = 1 from evaluation_rule
where evaluation.status in ('pending', 'running') and evaluation.project_id = evaluation_rule.project_id
  and evaluation_rule.evaluators @> to_jsonb(evaluation.kind_of_work)"""
WITHOUT_SHARE = """
update project set settings = jsonb_set(settings, '{judge}', (settings->'judge') - 'share')
where (settings->'judge') ? 'share'"""
WITH_SHARE = """
update project set settings = settings || jsonb_build_object(
  'judge', coalesce(settings->'judge', '{}') || jsonb_build_object('share', judges.share))
from (select project_id, max(share) filter (where enabled) as share from evaluation_rule
      where evaluators ? 'judge' or evaluators ? 'rubric_judge' group by project_id) as judges
where judges.project_id = project.id and judges.share < 1"""


def upgrade() -> None:
    op.create_table(
        "evaluation_rule",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("filters", JSON, nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("evaluators", JSON, nullable=False),
        sa.Column("rubric", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("share between 0 and 1", name=op.f("ck_evaluation_rule_share")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_evaluation_rule_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_evaluation_rule")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_evaluation_rule_project_id_name")),
    )
    op.add_column("evaluation", sa.Column("rule_id", sa.BigInteger(), nullable=True))
    op.add_column("evaluation", sa.Column("rule_version", sa.BigInteger(), nullable=True))
    _start("Checks by code", '["audio", "text"]', "1")
    _start("Judges", '["judge"]', JUDGES_SHARE)
    op.execute(NAME_THE_OPEN)
    op.execute(WITHOUT_SHARE)


def downgrade() -> None:
    op.execute(WITH_SHARE)
    op.drop_column("evaluation", "rule_version")
    op.drop_column("evaluation", "rule_id")
    op.drop_table("evaluation_rule")


def _start(name: str, evaluators: str, share: str) -> None:
    """Each project starts with the rules that do what was done before there were any."""
    op.execute(sa.text(START.replace("SHARE", share)).bindparams(name=name, evaluators=evaluators))
