"""take back: hours stay bound to their export until payroll gave them back"""

import sqlalchemy as sa
from alembic import op

revision = "0005_take_back"
down_revision = "0004_receipts"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("export", sa.Column("takes_back", KEY, nullable=True))
    op.add_column("export", sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_export_takes_back", "export", ["takes_back"])
    op.add_column("shift", sa.Column("taken_back_by", KEY, nullable=True))
    op.create_index("ix_shift_taken_back_by", "shift", ["taken_back_by"])
    op.add_column("delivery_line", sa.Column("losses", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("delivery_line", "losses")
    op.drop_index("ix_shift_taken_back_by", "shift")
    op.drop_column("shift", "taken_back_by")
    op.drop_index("ix_export_takes_back", "export")
    op.drop_column("export", "processed_at")
    op.drop_column("export", "takes_back")
