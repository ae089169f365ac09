"""support lead: the role of who leads support"""

from alembic import op

revision = "0016_support_lead"
down_revision = "0015_tenants"
branch_labels = None
depends_on = None

WITH_ROLE = {"app_user": "ck_app_user_role", "one_time_link": "ck_one_time_link_role"}
BEFORE = "'beheerder', 'urenverwerker', 'accountant', 'support'"
AFTER = "'beheerder', 'urenverwerker', 'accountant', 'support', 'supporthoofd'"


def upgrade() -> None:
    _roles(BEFORE, AFTER)


def downgrade() -> None:
    # an older version knows no head of support: it would refuse to start on one
    op.execute("DELETE FROM one_time_link WHERE role = 'supporthoofd'")
    op.execute("UPDATE app_user SET role = 'support' WHERE role = 'supporthoofd'")
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
