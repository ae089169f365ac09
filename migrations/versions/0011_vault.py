"""vault: a data key for each credential, keys of the worker, questions that only the worker can answer"""

import sqlalchemy as sa
from alembic import op

revision = "0011_vault"
down_revision = "0010_passkeys"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
FROZEN = (
    "seq", "organisation_id", "delivery_id", "code", "sealed_at", "state", "replaces", "accepted", "refused",
    "unclear", "unsent", "hours", "body_sha256", "previous", "hash", "signature",
)  # fmt: skip
CHANGED = "a receipt is never changed"
# its body may be sealed anew with another key, or erased; once erased it stays so
BODY_KEPT = "NEW.body IS NOT NULL AND OLD.body IS NULL"
BODY_ONLY_GOES = "NEW.body IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "vault_secret",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "worker_key",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("retired_at", MOMENT),
    )
    op.create_table(
        "credential_key",
        sa.Column("credential_id", KEY, sa.ForeignKey("credential.id"), primary_key=True, autoincrement=False),
        sa.Column("worker_key_id", sa.String(16), sa.ForeignKey("worker_key.id"), nullable=False),
        sa.Column("closed", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_credential_key_worker_key_id", "credential_key", ["worker_key_id"])
    op.create_table(
        "question",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("organisation_id", KEY, sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("user_id", KEY, sa.ForeignKey("app_user.id")),
        sa.Column("asked_by", sa.String(100), nullable=False),
        sa.Column("provider", sa.String(30), nullable=False),
        sa.Column("company_ref", sa.String(40), nullable=False),
        sa.Column("seal_row", sa.String(32), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("taken_at", MOMENT),
        sa.Column("sealed_answer", sa.LargeBinary()),
    )
    op.create_index("ix_question_asked_at", "question", ["asked_at"])
    op.create_index("ix_question_organisation_id", "question", ["organisation_id"])
    _receipt_rule(BODY_KEPT)


def _receipt_rule(body: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in FROZEN)
        op.execute(
            "CREATE OR REPLACE FUNCTION receipt_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF ({body}) OR NOT ({same}) THEN RAISE EXCEPTION '{CHANGED}'; END IF; RETURN NEW; END $$"
        )
        return
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in FROZEN)
    op.execute("DROP TRIGGER receipt_kept")
    op.execute(
        f"CREATE TRIGGER receipt_kept BEFORE UPDATE ON receipt FOR EACH ROW WHEN ({body}) OR NOT ({same}) "
        f"BEGIN SELECT RAISE(ABORT, '{CHANGED}'); END"
    )


def downgrade() -> None:
    """Tokens that have a data key are lost by this: they must be handed over again."""
    _receipt_rule(BODY_ONLY_GOES)
    for table in ("question", "credential_key", "worker_key", "vault_secret"):
        op.drop_table(table)
