"""The tables of the walk on files."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "article",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("outlet", sa.String(length=120), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("hazard", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_article"),
        sa.UniqueConstraint("key", name="uq_article_key"),
    )
    op.create_index("ix_article_hazard", "article", ["hazard"], unique=False)
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("mac", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_table(
        "band",
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("group", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "hash", name="pk_band"),
    )
    op.create_index("ix_band_group", "band", ["group"], unique=False)
    op.create_table(
        "claim",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("hazard", sa.String(length=60), nullable=False),
        sa.Column("headline", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("reposts", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("early_warning", sa.Boolean(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("above_floor", sa.Boolean(), nullable=False),
        sa.Column("first_hour", sa.Integer(), nullable=False),
        sa.Column("last_hour", sa.Integer(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_claim"),
    )
    op.create_index("ix_claim_hazard", "claim", ["hazard"], unique=False)
    op.create_index("ix_claim_observed_at", "claim", ["observed_at"], unique=False)
    op.create_table(
        "clause",
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("group", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bins", sa.BigInteger(), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "hash", "group", name="pk_clause"),
    )
    op.create_index("ix_clause_group", "clause", ["group"], unique=False)
    op.create_table(
        "clause_text",
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("text", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "hash", name="pk_clause_text"),
    )
    op.create_table(
        "epoch",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_epoch"),
    )
    op.create_table(
        "fact",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_fact"),
    )
    op.create_table(
        "hazard_spread",
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("hazard", sa.String(length=60), nullable=False),
        sa.Column("at_least", sa.Integer(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "hazard", name="pk_hazard_spread"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_done_at", "outbox", ["done_at"], unique=False)
    op.create_table(
        "seen",
        sa.Column("token", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_seen"),
    )
    op.create_index("ix_seen_hour", "seen", ["hour"], unique=False)
    op.create_table(
        "window",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("basis", sa.String(length=240), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=True),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=True),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_window"),
        sa.UniqueConstraint("name", name="uq_window_name"),
    )
    op.create_table(
        "carried",
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("claim", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name="fk_carried_claim_claim", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("epoch", "hash", "claim", name="pk_carried"),
    )
    op.create_table(
        "claim_alias",
        sa.Column("old", sa.String(length=16), nullable=False),
        sa.Column("new", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["new"], ["claim.id"], name="fk_claim_alias_new_claim", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("old", name="pk_claim_alias"),
    )
    op.create_index("ix_claim_alias_new", "claim_alias", ["new"], unique=False)
    op.create_table(
        "claim_article",
        sa.Column("claim", sa.String(length=16), nullable=False),
        sa.Column("article", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["article"], ["article.id"], name="fk_claim_article_article_article", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name="fk_claim_article_claim_claim", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("claim", "article", name="pk_claim_article"),
    )
    op.create_table(
        "claim_hour",
        sa.Column("claim", sa.String(length=16), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name="fk_claim_hour_claim_claim", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("claim", "hour", "source", name="pk_claim_hour"),
    )
    op.create_table(
        "erasure",
        sa.Column("claim", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name="fk_erasure_claim_claim", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("claim", name="pk_erasure"),
    )
    op.create_table(
        "group_article",
        sa.Column("group", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("article", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article"], ["article.id"], name="fk_group_article_article_article", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group", "article", name="pk_group_article"),
    )
    op.create_table(
        "part",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("claim", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("guard", sa.Text(), nullable=True),
        sa.Column("bitmap", sa.LargeBinary(), nullable=True),
        sa.Column("at_least", sa.Integer(), nullable=False),
        sa.Column("about", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name="fk_part_claim_claim", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_part"),
    )
    op.create_index("ix_part_claim", "part", ["claim"], unique=False)
    op.create_index("ix_part_epoch", "part", ["epoch"], unique=False)
    op.create_table(
        "pending",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("bins", sa.BigInteger(), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("reposts", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("early_warning", sa.Boolean(), nullable=False),
        sa.Column("hazards", sa.JSON(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("touched", sa.Integer(), nullable=False),
        sa.Column("claim", sa.String(length=16), nullable=True),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name="fk_pending_claim_claim", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_pending"),
    )
    op.create_index("ix_pending_claim", "pending", ["claim"], unique=False)
    op.create_index("ix_pending_epoch", "pending", ["epoch"], unique=False)
    op.create_table(
        "proposal",
        sa.Column("claim", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name="fk_proposal_claim_claim", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["target"], ["claim.id"], name="fk_proposal_target_claim", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("claim", "target", name="pk_proposal"),
    )
    op.create_table(
        "shared_clause",
        sa.Column("claim", sa.String(length=16), nullable=False),
        sa.Column("text", sa.String(length=60), nullable=False),
        sa.Column("guard", sa.Text(), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["claim"], ["claim.id"], name="fk_shared_clause_claim_claim", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("claim", "text", name="pk_shared_clause"),
    )
    op.create_table(
        "window_count",
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=12), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["window"], ["window.id"], name="fk_window_count_window_window", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("window", "unit", "outcome", name="pk_window_count"),
    )
    op.create_table(
        "window_problem",
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("fault", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["window"], ["window.id"], name="fk_window_problem_window_window", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("window", "line", name="pk_window_problem"),
    )


def downgrade() -> None:
    """Drop every table."""
    op.drop_table("window_problem")
    op.drop_table("window_count")
    op.drop_table("shared_clause")
    op.drop_table("proposal")
    op.drop_index("ix_pending_epoch", table_name="pending")
    op.drop_index("ix_pending_claim", table_name="pending")
    op.drop_table("pending")
    op.drop_index("ix_part_epoch", table_name="part")
    op.drop_index("ix_part_claim", table_name="part")
    op.drop_table("part")
    op.drop_table("group_article")
    op.drop_table("erasure")
    op.drop_table("claim_hour")
    op.drop_table("claim_article")
    op.drop_index("ix_claim_alias_new", table_name="claim_alias")
    op.drop_table("claim_alias")
    op.drop_table("carried")
    op.drop_table("window")
    op.drop_index("ix_seen_hour", table_name="seen")
    op.drop_table("seen")
    op.drop_index("ix_outbox_done_at", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("lease")
    op.drop_table("hazard_spread")
    op.drop_table("fact")
    op.drop_table("epoch")
    op.drop_table("clause_text")
    op.drop_index("ix_clause_group", table_name="clause")
    op.drop_table("clause")
    op.drop_index("ix_claim_observed_at", table_name="claim")
    op.drop_index("ix_claim_hazard", table_name="claim")
    op.drop_table("claim")
    op.drop_index("ix_band_group", table_name="band")
    op.drop_table("band")
    op.drop_table("audit")
    op.drop_index("ix_article_hazard", table_name="article")
    op.drop_table("article")
