"""Traces are found by their call first.

With the project in front, PostgreSQL also took this index for traces asked for by their ids, and read all of a project.

Revision: 0007
After: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
NAME = "ix_trace_conversation"


def upgrade() -> None:
    op.drop_index(NAME, table_name="trace")
    op.create_index(NAME, "trace", ["conversation_id", "project_id"], unique=False)


def downgrade() -> None:
    op.drop_index(NAME, table_name="trace")
    op.create_index(NAME, "trace", ["project_id", "conversation_id"], unique=False)
