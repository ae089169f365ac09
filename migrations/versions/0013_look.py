"""look: the role of accountant, who invited, support that looks along, when a worker was last at work"""

import sqlalchemy as sa
from alembic import op

revision = "0013_look"
down_revision = "0012_privacy"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
WITH_ROLE = {"app_user": "ck_app_user_role", "one_time_link": "ck_one_time_link_role"}
BEFORE, AFTER = "'beheerder', 'urenverwerker', 'support'", "'beheerder', 'urenverwerker', 'accountant', 'support'"


def upgrade() -> None:
    _roles(BEFORE, AFTER)
    op.add_column("one_time_link", sa.Column("created_by", KEY))
    op.create_table(
        "support_look",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("organisation_id", KEY, sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("granted_by", sa.String(100), nullable=False),
        sa.Column("granted_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
    )
    op.create_index("ix_support_look_organisation_id", "support_look", ["organisation_id"])
    op.create_table(
        "worker_beat",
        sa.Column("machine", sa.String(100), primary_key=True),
        sa.Column("seen_at", MOMENT, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("worker_beat")
    op.drop_table("support_look")
    # an older version knows no accountant: it would refuse to start on one
    op.execute("DELETE FROM one_time_link WHERE role = 'accountant'")
    op.execute("UPDATE app_user SET role = 'urenverwerker', disabled_at = created_at WHERE role = 'accountant'")
    op.drop_column("one_time_link", "created_by")
    _roles(AFTER, BEFORE)


def _roles(old: str, new: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, check in WITH_ROLE.items():
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {check}")
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {check} CHECK (role IN ({new}))")
        return
    # Others refer to these tables, so they cannot be made anew in a transaction. SQLite's own way for a check that
    # allows more: https://www.sqlite.org/lang_altertable.html#making_other_kinds_of_table_schema_changes
    version = op.get_bind().exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    for table in WITH_ROLE:
        sql = f"replace(sql, $$role IN ({old})$$, $$role IN ({new})$$)".replace("'", "''").replace("$$", "'")
        op.execute(f"UPDATE sqlite_master SET sql = {sql} WHERE type = 'table' AND name = '{table}'")  # noqa: S608
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
