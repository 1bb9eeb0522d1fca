"""Crawling: windows of time, leases, budgets, what is left alone, what is known."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = ("unknown_field", "visit", "known", "breaker", "budget", "host", "lane", "tally")


def upgrade() -> None:
    """Windows of time beside those of files, and the tables that crawling needs."""
    with op.batch_alter_table("window") as window:
        window.add_column(sa.Column("lane", sa.String(length=80), server_default="", nullable=False))
        window.add_column(sa.Column("since", sa.BigInteger(), nullable=True))
        window.add_column(sa.Column("until", sa.BigInteger(), nullable=True))
        window.add_column(sa.Column("resume", sa.String(length=500), server_default="", nullable=False))
        window.add_column(sa.Column("holder", sa.String(length=80), nullable=True))
        window.add_column(sa.Column("leased_until", sa.Float(), nullable=True))
        window.add_column(sa.Column("not_before", sa.BigInteger(), server_default="0", nullable=False))
        window.add_column(sa.Column("why", sa.String(length=24), nullable=True))
    op.create_index("ix_window_state", "window", ["state", "source"], unique=False)
    op.create_index("ix_window_lane", "window", ["source", "lane", "until"], unique=False)
    op.create_index("ix_window_until", "window", ["until"], unique=False)
    with op.batch_alter_table("pending") as pending:
        pending.add_column(sa.Column("inherits", sa.String(length=16), nullable=True))
        pending.create_foreign_key("fk_pending_inherits_claim", "claim", ["inherits"], ["id"], ondelete="SET NULL")
    op.create_index("ix_pending_inherits", "pending", ["inherits"], unique=False)
    op.create_table(
        "tally",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=12), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "day", "unit", "outcome", name="pk_tally"),
    )
    op.create_table(
        "lane",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("lane", sa.String(length=80), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.Float(), nullable=False),
        sa.Column("hits", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("source", "lane", name="pk_lane"),
    )
    op.create_table(
        "host",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=True),
        sa.Column("leased_until", sa.Float(), nullable=True),
        sa.Column("asked_at", sa.Float(), nullable=False),
        sa.Column("robots_absent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_host"),
    )
    op.create_table(
        "budget",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_budget"),
    )
    op.create_table(
        "breaker",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(length=24), nullable=False),
        sa.Column("credential", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_breaker"),
    )
    op.create_table(
        "known",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("stamp", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name="pk_known"),
    )
    op.create_index("ix_known_at", "known", ["at"], unique=False)
    op.create_table(
        "visit",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("last_modified", sa.String(length=60), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "url", name="pk_visit"),
    )
    op.create_table(
        "unknown_field",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=190), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "name", name="pk_unknown_field"),
    )


def downgrade() -> None:
    """Drop what crawling needs; windows of files stay."""
    for table in _TABLES:
        op.drop_table(table)
    op.execute(sa.text('DELETE FROM "window" WHERE since IS NOT NULL'))
    op.drop_index("ix_pending_inherits", table_name="pending")
    with op.batch_alter_table("pending") as pending:
        pending.drop_constraint("fk_pending_inherits_claim", type_="foreignkey")
        pending.drop_column("inherits")
    for index in ("ix_window_until", "ix_window_lane", "ix_window_state"):
        op.drop_index(index, table_name="window")
    with op.batch_alter_table("window") as window:
        for column in ("lane", "since", "until", "resume", "holder", "leased_until", "not_before", "why"):
            window.drop_column(column)
