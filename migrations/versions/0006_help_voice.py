"""help_voice: answers to "Was dit nuttig?", remarks, and searches that found nothing"""

import sqlalchemy as sa
from alembic import op

revision = "0006_help_voice"
down_revision = "0005_take_back"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "help_vote",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("page", sa.String(255), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("yes", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.UniqueConstraint("page", "day"),
    )
    op.create_index("ix_help_vote_day", "help_vote", ["day"])
    op.create_table(
        "help_remark",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("page", sa.String(255), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("handled", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_help_remark_day", "help_remark", ["day"])
    op.create_index("ix_help_remark_handled_id", "help_remark", ["handled", "id"])
    op.create_table(
        "help_miss",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("words", sa.String(60), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.UniqueConstraint("words", "day"),
    )
    op.create_index("ix_help_miss_day", "help_miss", ["day"])


def downgrade() -> None:
    for table in ("help_miss", "help_remark", "help_vote"):
        op.drop_table(table)
