"""Questions for a public fact: keyed below the floor, readable above it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The two tables in which questions are counted."""
    op.create_table(
        "question",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("hazard", sa.String(length=60), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("word", sa.String(length=12), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.Column("at_least", sa.Integer(), nullable=False),
        sa.Column("first_hour", sa.Integer(), nullable=False),
        sa.Column("last_hour", sa.Integer(), nullable=False),
        sa.Column("bitmap", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_question"),
    )
    op.create_index("ix_question_epoch", "question", ["epoch"], unique=False)
    op.create_table(
        "asking",
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bins", sa.BigInteger(), nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("touched", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=16), nullable=True),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["question"], ["question.id"], name="fk_asking_question_question", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("epoch", "hash", name="pk_asking"),
    )
    op.create_index("ix_asking_question", "asking", ["question"], unique=False)


def downgrade() -> None:
    """Drop the counts of questions."""
    op.drop_table("asking")
    op.drop_table("question")
