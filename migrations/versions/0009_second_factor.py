"""second_factor: codes of an app, recovery codes, how often something was tried, the device of a session"""

import sqlalchemy as sa
from alembic import op

revision = "0009_second_factor"
down_revision = "0008_audit_chain"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("web_session", sa.Column("factor_at", MOMENT))
    op.add_column("web_session", sa.Column("device", sa.String(60), nullable=False, server_default=""))
    op.create_table(
        "second_factor",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("user_id", KEY, sa.ForeignKey("app_user.id"), nullable=False, unique=True),
        sa.Column("seal_row", sa.String(32), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("user_id", KEY, sa.ForeignKey("app_user.id"), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("used_at", MOMENT),
    )
    op.create_index("ix_recovery_code_user_id", "recovery_code", ["user_id"])
    op.create_table(
        "tries",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.UniqueConstraint("what", "key"),
    )
    op.create_index("ix_tries_began_at", "tries", ["began_at"])


def downgrade() -> None:
    for table in ("tries", "recovery_code", "second_factor"):
        op.drop_table(table)
    op.drop_column("web_session", "device")
    op.drop_column("web_session", "factor_at")
