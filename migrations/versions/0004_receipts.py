"""receipts: a signed hash chain, append-only in the database itself"""

import sqlalchemy as sa
from alembic import op

revision = "0004_receipts"
down_revision = "0003_pace"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = ("wacht", "bezig", "gepauzeerd", "klaar", "geannuleerd")
FROZEN = (
    "seq", "organisation_id", "delivery_id", "code", "sealed_at", "state", "replaces", "accepted", "refused",
    "unclear", "unsent", "hours", "body_sha256", "previous", "hash", "signature",
)  # fmt: skip
NOT_FORWARD = "NEW.id <> OLD.id OR NEW.count <> OLD.count + 1"
GENESIS = "0" * 64
CHANGED = "a receipt is never changed"
TAKEN_AWAY = "a receipt is never taken away"
BACKWARDS = "the head of the receipts only goes forward"


def upgrade() -> None:
    _tables()
    op.execute(f"INSERT INTO receipt_head (id, count, hash, signature) VALUES (1, 0, '{GENESIS}', '')")  # noqa: S608
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()
    else:
        _sqlite()


def _tables() -> None:
    op.create_table(
        "receipt",
        sa.Column("seq", KEY, primary_key=True, autoincrement=False),
        sa.Column("organisation_id", KEY, sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("delivery_id", KEY, sa.ForeignKey("delivery.id"), nullable=False),
        sa.Column("code", sa.String(22), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="deliverystate", native_enum=False, create_constraint=True, length=30),
            nullable=False,
        ),
        sa.Column("replaces", KEY, sa.ForeignKey("receipt.seq")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("accepted", "refused", "unclear", "unsent")),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        *(sa.Column(name, sa.String(64), nullable=False) for name in ("body_sha256", "previous", "hash", "signature")),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("replaces"),
    )
    op.create_index("ix_receipt_organisation_id", "receipt", ["organisation_id"])
    op.create_index("ix_receipt_delivery_id", "receipt", ["delivery_id"])
    op.create_table(
        "receipt_head",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("count", KEY, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(64), nullable=False),
    )


def _sqlite() -> None:
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in FROZEN)
    rules = {
        "receipt_kept BEFORE UPDATE ON receipt": (f"NEW.body IS NOT NULL OR NOT ({same})", CHANGED),
        "receipt_stays BEFORE DELETE ON receipt": ("1", TAKEN_AWAY),
        "receipt_head_forward BEFORE UPDATE ON receipt_head": (NOT_FORWARD, BACKWARDS),
        "receipt_head_stays BEFORE DELETE ON receipt_head": ("1", BACKWARDS),
    }  # fmt: skip
    for start, (when, words) in rules.items():
        op.execute(f"CREATE TRIGGER {start} FOR EACH ROW WHEN {when} BEGIN SELECT RAISE(ABORT, '{words}'); END")


def _postgresql() -> None:
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in FROZEN)
    _function("receipt_refuse", f"RAISE EXCEPTION '{TAKEN_AWAY}';")
    _function(
        "receipt_kept",
        f"IF NEW.body IS NOT NULL OR NOT ({same}) THEN RAISE EXCEPTION '{CHANGED}'; END IF; RETURN NEW;",
    )
    _function("receipt_head_forward", f"IF {NOT_FORWARD} THEN RAISE EXCEPTION '{BACKWARDS}'; END IF; RETURN NEW;")
    for table, kept in (("receipt", "receipt_kept"), ("receipt_head", "receipt_head_forward")):
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {kept}();"
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION receipt_refuse();"
            f"CREATE TRIGGER {table}_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION receipt_refuse()"
        )


def _function(name: str, body: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")


def downgrade() -> None:
    op.drop_table("receipt_head")
    op.drop_table("receipt")
    if op.get_bind().dialect.name == "postgresql":
        for name in ("receipt_refuse", "receipt_kept", "receipt_head_forward"):
            op.execute(f"DROP FUNCTION {name}()")
