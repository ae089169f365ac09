"""audit chain: a MAC for each row, seals over rows, append-only in the database itself"""

import sqlalchemy as sa
from alembic import op

revision = "0008_audit_chain"
down_revision = "0007_codes"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FROZEN = ("id", "at", "organisation_id", "actor_id", "actor", "action", "facts", "once", "salt", "mac")
INDEXES = (
    ("ix_audit_event_organisation_id_action", ("organisation_id", "action", "id"), False),
    ("ix_audit_event_seal", ("seal", "id"), False),
    ("ix_audit_event_once", ("once",), True),
)
NOT_FORWARD = "NEW.id <> OLD.id OR NEW.count <> OLD.count + 1"
GENESIS = "0" * 64
CHANGED = "a row of the trail is never changed"
TAKEN_AWAY = "a row of the trail is never taken away"
SEALED = "a seal of the trail is never changed"
BACKWARDS = "the head of the trail only goes forward"


def upgrade() -> None:
    _columns()
    _tables()
    op.execute(f"INSERT INTO audit_head (id, count, hash, signature) VALUES (1, 0, '{GENESIS}', '')")  # noqa: S608
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()
    else:
        _sqlite()


def _columns() -> None:
    op.add_column("audit_event", sa.Column("once", sa.String(64)))
    op.add_column("audit_event", sa.Column("salt", sa.String(32), nullable=False, server_default=""))
    op.add_column("audit_event", sa.Column("mac", sa.String(64), nullable=False, server_default=""))
    op.add_column("audit_event", sa.Column("seal", KEY))
    for name, columns, unique in INDEXES:
        op.create_index(name, "audit_event", list(columns), unique=unique)


def _tables() -> None:
    op.create_table(
        "audit_seal",
        sa.Column("number", KEY, primary_key=True, autoincrement=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ids", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("opening", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ("rows_digest", "previous", "hash", "signature")),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("count", KEY, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(64), nullable=False),
    )


def _sqlite() -> None:
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in FROZEN)
    rules = {
        "audit_event_kept BEFORE UPDATE ON audit_event": (
            f"NOT (OLD.seal IS NULL AND NEW.seal IS NOT NULL AND {same})", CHANGED,
        ),
        "audit_event_stays BEFORE DELETE ON audit_event": ("1", TAKEN_AWAY),
        "audit_seal_kept BEFORE UPDATE ON audit_seal": ("1", SEALED),
        "audit_seal_stays BEFORE DELETE ON audit_seal": ("1", SEALED),
        "audit_head_forward BEFORE UPDATE ON audit_head": (NOT_FORWARD, BACKWARDS),
        "audit_head_stays BEFORE DELETE ON audit_head": ("1", BACKWARDS),
    }  # fmt: skip
    for start, (when, words) in rules.items():
        op.execute(f"CREATE TRIGGER {start} FOR EACH ROW WHEN {when} BEGIN SELECT RAISE(ABORT, '{words}'); END")


def _postgresql() -> None:
    # JSON has no equality of its own; its text has
    same = " AND ".join(
        f"NEW.{name}{as_text} IS NOT DISTINCT FROM OLD.{name}{as_text}"
        for name, as_text in ((name, "::text" if name == "facts" else "") for name in FROZEN)
    )
    kept = f"IF OLD.seal IS NOT NULL OR NEW.seal IS NULL OR NOT ({same}) THEN RAISE EXCEPTION '{CHANGED}'; END IF;"
    _function("audit_event_kept", f"{kept} RETURN NEW;")
    _function("audit_head_forward", f"IF {NOT_FORWARD} THEN RAISE EXCEPTION '{BACKWARDS}'; END IF; RETURN NEW;")
    _function("audit_refuse", f"RAISE EXCEPTION '{TAKEN_AWAY}';")
    _function("audit_seal_refuse", f"RAISE EXCEPTION '{SEALED}';")
    for table, changed, gone in (
        ("audit_event", "audit_event_kept", "audit_refuse"),
        ("audit_seal", "audit_seal_refuse", "audit_seal_refuse"),
        ("audit_head", "audit_head_forward", "audit_refuse"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {changed}();"
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {gone}();"
            f"CREATE TRIGGER {table}_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {gone}()"
        )


def _function(name: str, body: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name in ("kept", "stays", *(("all",) if postgresql else ())):
        op.execute(f"DROP TRIGGER audit_event_{name}{' ON audit_event' if postgresql else ''}")
    op.drop_table("audit_head")
    op.drop_table("audit_seal")
    for name, _columns, _unique in INDEXES:
        op.drop_index(name, "audit_event")
    for column in ("seal", "mac", "salt", "once"):
        op.drop_column("audit_event", column)
    if postgresql:
        for name in ("audit_event_kept", "audit_head_forward", "audit_refuse", "audit_seal_refuse"):
            op.execute(f"DROP FUNCTION {name}()")
