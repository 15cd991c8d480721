"""Endpoints of vendors.

Revision: 0002
After: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "integration_endpoint",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("api_key", sa.Text(), nullable=True),
        sa.Column("settings", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "vendor in ('vapi', 'retell', 'twilio', 'livekit')", name=op.f("ck_integration_endpoint_vendor")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_integration_endpoint_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_integration_endpoint")),
        sa.UniqueConstraint("api_key", name=op.f("uq_integration_endpoint_api_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_integration_endpoint_public_id")),
    )
    op.create_table(
        "recording_fetch",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("track", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state in ('waiting', 'done', 'failed')", name=op.f("ck_recording_fetch_state")),
        sa.ForeignKeyConstraint(
            ["project_id", "conversation_id"],
            ["conversation.project_id", "conversation.id"],
            name=op.f("fk_recording_fetch_project_id_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "conversation_id", "track", name=op.f("pk_recording_fetch")),
    )
    op.create_index(
        "ix_recording_fetch_due",
        "recording_fetch",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )


def downgrade() -> None:
    op.drop_index("ix_recording_fetch_due", table_name="recording_fetch", postgresql_where=sa.text("state = 'waiting'"))
    op.drop_table("recording_fetch")
    op.drop_table("integration_endpoint")
