"""restore: when a backup was put back"""

import sqlalchemy as sa
from alembic import op

revision = "0014_restore"
down_revision = "0012_privacy"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "restore",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("backup_at", MOMENT, nullable=False),
        sa.Column("restored_at", MOMENT, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("restore")
