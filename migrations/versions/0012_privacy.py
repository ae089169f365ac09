"""privacy: references that outlive a restore, sums of forgotten hours, files that may go, the front of the trail"""

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0012_privacy"
down_revision = "0011_vault"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
PEOPLE = ("organisation", "app_user", "team_member")
TAKEN_AWAY = "a row of the trail is never taken away"
BACKWARDS = "what is forgotten of the trail only grows"
FORGOTTEN = "OLD.seal IS NOT NULL AND OLD.seal <= (SELECT upto FROM audit_forgotten WHERE id = 1)"
GROWS = "NEW.id = OLD.id AND NEW.upto > OLD.upto AND NEW.upto <= (SELECT count FROM audit_head WHERE id = 1)"


def upgrade() -> None:
    for table in PEOPLE:
        _reference(table)
    op.add_column("team_member", sa.Column("erased_keys", sa.JSON()))
    op.add_column("shift", sa.Column("freed_at", MOMENT))
    # hours that wait for an export get their ninety days from now: nobody was warned before
    shift = sa.table("shift", sa.column("freed_at", MOMENT), sa.column("export_id"))
    op.execute(shift.update().where(shift.c.export_id.is_(None)).values(freed_at=datetime.now(UTC)))
    op.add_column("credential", sa.Column("unused_since", MOMENT))
    with op.batch_alter_table("export_file") as batch:
        batch.alter_column("sealed", existing_type=sa.LargeBinary(), nullable=True)
    _tables()
    op.execute("INSERT INTO audit_forgotten (id, upto, rows, signature) VALUES (1, 0, 0, '')")
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()
    else:
        _sqlite(f"NOT ({FORGOTTEN})")
        _forward_sqlite()


def _reference(table: str) -> None:
    """A name for the row that nobody guesses, and that no other row ever gets."""
    op.add_column(table, sa.Column("ref", sa.String(32), nullable=False, server_default=""))
    op.add_column(table, sa.Column("erased_at", MOMENT))
    rows = sa.table(table, sa.column("id"), sa.column("ref"))
    bind = op.get_bind()
    for key in list(bind.scalars(sa.select(rows.c.id))):
        bind.execute(rows.update().where(rows.c.id == key).values(ref=secrets.token_hex(16)))
    op.create_index(f"ix_{table}_ref", table, ["ref"], unique=True)


def _tables() -> None:
    op.create_table(
        "settled_hours",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("organisation_id", KEY, sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("export_id", KEY, sa.ForeignKey("export.id"), nullable=False),
        sa.Column("member_id", KEY, sa.ForeignKey("team_member.id"), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("shifts", sa.Integer(), nullable=False),
        sa.UniqueConstraint("export_id", "member_id", "kind", "approved"),
    )
    for column in ("organisation_id", "member_id"):
        op.create_index(f"ix_settled_hours_{column}", "settled_hours", [column])
    op.create_table(
        "audit_forgotten",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("upto", KEY, nullable=False),
        sa.Column("rows", KEY, nullable=False),
        sa.Column("signature", sa.String(64), nullable=False),
    )


def _sqlite(stays: str) -> None:
    op.execute("DROP TRIGGER audit_event_stays")
    op.execute(
        f"CREATE TRIGGER audit_event_stays BEFORE DELETE ON audit_event FOR EACH ROW WHEN {stays} "
        f"BEGIN SELECT RAISE(ABORT, '{TAKEN_AWAY}'); END"
    )


def _forward_sqlite() -> None:
    for name, when, what in (("forward", f"NOT ({GROWS})", "UPDATE"), ("stays", "1", "DELETE")):
        op.execute(
            f"CREATE TRIGGER audit_forgotten_{name} BEFORE {what} ON audit_forgotten FOR EACH ROW WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, '{BACKWARDS}'); END"
        )


def _postgresql() -> None:
    _function("audit_event_stays", f"IF NOT ({FORGOTTEN}) THEN RAISE EXCEPTION '{TAKEN_AWAY}'; END IF; RETURN OLD;")
    _function("audit_forgotten_forward", f"IF NOT ({GROWS}) THEN RAISE EXCEPTION '{BACKWARDS}'; END IF; RETURN NEW;")
    _function("audit_forgotten_refuse", f"RAISE EXCEPTION '{BACKWARDS}';")
    _stays("audit_event_stays")
    refuse = "EXECUTE FUNCTION audit_forgotten_refuse()"
    op.execute(
        "CREATE TRIGGER audit_forgotten_kept BEFORE UPDATE ON audit_forgotten FOR EACH ROW "
        "EXECUTE FUNCTION audit_forgotten_forward();"
        f"CREATE TRIGGER audit_forgotten_stays BEFORE DELETE ON audit_forgotten FOR EACH ROW {refuse};"
        f"CREATE TRIGGER audit_forgotten_all BEFORE TRUNCATE ON audit_forgotten {refuse}"
    )


def _stays(function: str) -> None:
    op.execute(
        "DROP TRIGGER audit_event_stays ON audit_event;"
        f"CREATE TRIGGER audit_event_stays BEFORE DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION {function}()"
    )


def _function(name: str, body: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")


def downgrade() -> None:
    """Refused by the database when files were forgotten: the column cannot be without them again."""
    if op.get_bind().dialect.name == "postgresql":
        _stays("audit_refuse")
    else:
        _sqlite("1")
    op.drop_table("audit_forgotten")
    if op.get_bind().dialect.name == "postgresql":
        for name in ("audit_event_stays", "audit_forgotten_forward", "audit_forgotten_refuse"):
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("settled_hours")
    with op.batch_alter_table("export_file") as batch:
        batch.alter_column("sealed", existing_type=sa.LargeBinary(), nullable=False)
    op.drop_column("credential", "unused_since")
    op.drop_column("shift", "freed_at")
    op.drop_column("team_member", "erased_keys")
    for table in PEOPLE:
        op.drop_index(f"ix_{table}_ref", table)
        op.drop_column(table, "erased_at")
        op.drop_column(table, "ref")
