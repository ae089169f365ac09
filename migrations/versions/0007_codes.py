"""codes: the code of a cause or reason beside its words; what is there already keeps none"""

import sqlalchemy as sa
from alembic import op

revision = "0007_codes"
down_revision = "0006_help_voice"
branch_labels = None
depends_on = None

PLACES = (("koppeling", "cause_code"), ("delivery", "cause_code"), ("delivery_line", "reason_code"))


def upgrade() -> None:
    for table, column in PLACES:
        op.add_column(table, sa.Column(column, sa.String(60), nullable=False, server_default=""))


def downgrade() -> None:
    for table, column in PLACES:
        op.drop_column(table, column)
