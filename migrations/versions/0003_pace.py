"""pace: who may make how many calls a second"""

import sqlalchemy as sa
from alembic import op

revision = "0003_pace"
down_revision = "0002_parcels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_share",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("system", sa.String(30), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("wants", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("system", "holder"),
    )


def downgrade() -> None:
    op.drop_table("call_share")
