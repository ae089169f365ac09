"""drafts: a token that was checked and waits to be sent, for an hour"""

import sqlalchemy as sa
from alembic import op

revision = "0017_drafts"
down_revision = "0016_support_lead"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
# as in 0015
SETTING = "(SELECT current_setting('portal.organisation', true))"


def upgrade() -> None:
    op.create_table(
        "token_draft",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("organisation_id", KEY, sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("provider", sa.String(30), nullable=False),
        sa.Column("credential_id", KEY, sa.ForeignKey("credential.id"), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(100), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.UniqueConstraint("organisation_id", "provider"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE token_draft ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON token_draft USING ({SETTING} = '*' OR organisation_id::text = {SETTING})")


def downgrade() -> None:
    op.drop_table("token_draft")
