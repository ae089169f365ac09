"""checkup: when the worker last tried the token of a koppeling by itself"""

import sqlalchemy as sa
from alembic import op

revision = "0018_checkup"
down_revision = "0017_drafts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("koppeling", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("koppeling", "checked_at")
