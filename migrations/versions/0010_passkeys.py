"""passkeys, what they were asked to sign, sealed notes for a short while, and tries with the moment of each"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0010_passkeys"
down_revision = "0009_second_factor"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    op.add_column("app_user", sa.Column("passkey_handle", sa.LargeBinary(32)))
    # an index and no constraint: SQLite would have to make the table anew, with all that points at it
    op.create_index("ix_app_user_passkey_handle", "app_user", ["passkey_handle"], unique=True)
    op.create_table(
        "passkey",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("user_id", KEY, sa.ForeignKey("app_user.id"), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(1023), nullable=False, unique=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.String(100), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
    )
    op.create_index("ix_passkey_user_id", "passkey", ["user_id"])
    op.create_table(
        "passkey_question",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("challenge", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    op.create_index("ix_passkey_question_expires_at", "passkey_question", ["expires_at"])
    op.create_table(
        "note",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("user_id", KEY, sa.ForeignKey("app_user.id"), nullable=False),
        sa.Column("seal_row", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.UniqueConstraint("kind", "holder"),
    )
    op.create_index("ix_note_user_id", "note", ["user_id"])
    op.create_index("ix_note_expires_at", "note", ["expires_at"])
    _with_moments()


def _with_moments() -> None:
    """Who had enough tries just before the upgrade has them after it too (A7)."""
    old = sa.table("tries", *(sa.column(name) for name in ("what", "key", "count")), sa.column("began_at", MOMENT))
    rows = op.get_bind().execute(sa.select(old.c.what, old.c.key, old.c.count, old.c.began_at)).all()
    op.drop_table("tries")
    new = op.create_table(
        "tries",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("moments", sa.Text(), nullable=False),
        sa.Column("touched_at", MOMENT, nullable=False),
        sa.UniqueConstraint("what", "key"),
    )
    op.create_index("ix_tries_touched_at", "tries", ["touched_at"])
    for what, key, count, began_at in rows:
        aware = began_at if began_at.tzinfo else began_at.replace(tzinfo=UTC)
        moments = " ".join([str((aware - EPOCH) // timedelta(microseconds=1))] * count)
        op.execute(sa.insert(new).values(what=what, key=key, moments=moments, touched_at=aware))


def downgrade() -> None:
    op.drop_table("tries")
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
    for table in ("note", "passkey_question", "passkey"):
        op.drop_table(table)
    op.drop_index("ix_app_user_passkey_handle", "app_user")
    op.drop_column("app_user", "passkey_handle")
