"""A log record may name its call instead of a trace.

Revision: 0003
After: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("span_log", "trace_id", existing_type=sa.Text(), nullable=True)


def downgrade() -> None:
    op.execute("delete from span_log where trace_id is null")
    op.alter_column("span_log", "trace_id", existing_type=sa.Text(), nullable=False)
