"""Criteria that readers and listeners both answer, what a listener may read, and the contour of a recording.

Revision: 0005
After: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MODALITIES = {"before": "modality in ('transcript', 'audio')", "after": "modality in ('transcript', 'audio', 'both')"}


def upgrade() -> None:
    op.add_column("audio_analysis", sa.Column("contour", sa.LargeBinary(), nullable=True))
    op.add_column("criterion", sa.Column("shown", sa.Text(), nullable=False, server_default="nothing"))
    op.create_check_constraint(op.f("ck_criterion_shown"), "criterion", "shown in ('nothing', 'moment', 'text')")
    _modality(MODALITIES["after"])


def downgrade() -> None:
    op.execute("update criterion set modality = 'audio' where modality = 'both'")
    _modality(MODALITIES["before"])
    op.drop_column("criterion", "shown")
    op.drop_column("audio_analysis", "contour")


def _modality(rule: str) -> None:
    op.drop_constraint(op.f("ck_criterion_modality"), "criterion")
    op.create_check_constraint(op.f("ck_criterion_modality"), "criterion", rule)
