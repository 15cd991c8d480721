"""Judges by version, their answers, and how likely they held each verdict.

Revision: 0004
After: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
NOW = sa.text("now()")


def upgrade() -> None:
    op.add_column("score", sa.Column("probabilities", JSON, nullable=True))
    op.create_table(
        "judge_version",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rubric", sa.Text(), nullable=False),
        sa.Column("rubric_version", sa.BigInteger(), nullable=False),
        sa.Column("definition", JSON, nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_judge_version_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_judge_version")),
    )
    op.create_table(
        "judge_answer",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("judge_version", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("votes", JSON, nullable=False),
        sa.Column("verdicts", JSON, nullable=False),
        sa.Column("items_left_out", sa.BigInteger(), nullable=False),
        sa.Column("usage", JSON, nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "conversation_id"],
            ["conversation.project_id", "conversation.id"],
            name=op.f("fk_judge_answer_project_id_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "conversation_id", "asked", "content_hash", "run", name=op.f("pk_judge_answer")
        ),
    )
    op.create_index(
        "ix_judge_answer_spent",
        "judge_answer",
        ["project_id", "created_at"],
        unique=False,
        postgresql_include=["cost_usd"],
    )
    op.create_index("ix_judge_answer_version", "judge_answer", ["project_id", "judge_version", "run"], unique=False)

    op.create_table(
        "batched_question",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("answer", JSON, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "conversation_id"],
            ["conversation.project_id", "conversation.id"],
            name=op.f("fk_batched_question_project_id_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "conversation_id", "name", name=op.f("pk_batched_question")),
    )
    op.create_index(
        "ix_batched_question_open",
        "batched_question",
        ["batch_id"],
        unique=False,
        postgresql_where=sa.text("status is null"),
    )


def downgrade() -> None:
    op.drop_table("batched_question")
    op.drop_table("judge_answer")
    op.drop_table("judge_version")
    op.drop_column("score", "probabilities")
