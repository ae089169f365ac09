"""tenants: on PostgreSQL the database itself shows an organisation only its own rows (decision 0022)"""

from alembic import op

revision = "0015_tenants"
down_revision = "0014_restore"
branch_labels = None
depends_on = None

OWN = (
    "audit_event", "credential", "credential_request", "delivery", "export", "export_line", "kind_code", "koppeling",
    "member_link", "payroll_reading", "question", "receipt", "settled_hours", "shift", "support_look", "team_member",
    "upload", "venue", "venue_company",
)  # fmt: skip
THROUGH = {
    "credential_key": ("credential", "credential_id"),
    "delivery_line": ("delivery", "delivery_id"),
    "delivery_parcel": ("delivery", "delivery_id"),
    "export_file": ("export", "export_id"),
}
# the inner SELECT is worked out once for a statement, not for each row
SETTING = "(SELECT current_setting('portal.organisation', true))"
EVERYTHING = f"{SETTING} = '*'"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in OWN:
        protect(table, f"organisation_id::text = {SETTING}")
    for table, (parent, column) in THROUGH.items():
        protect(table, f"EXISTS (SELECT 1 FROM {parent} p WHERE p.id = {table}.{column})")  # noqa: S608 - our own names


def protect(table: str, own: str) -> None:
    """FORCE: also for the role that owns the table, which is the one that the portal signs in with."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {table} USING ({EVERYTHING} OR {own})")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in (*OWN, *THROUGH):
        op.execute(f"DROP POLICY tenant ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
