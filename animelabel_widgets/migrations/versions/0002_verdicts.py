"""The known answers, the reviewers' decisions and the crowd's verdicts.

Revision 0002, follows 0001.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MYSQL = ("mysql", "mariadb")
OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "if_not_exists": True,
}
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=3), *MYSQL)
FEATURES = ("text", "logo", "person", "empty")


def answer() -> list[sa.Column[bool]]:
    """Give a yes or no for each feature."""
    return [sa.Column(key, sa.Boolean(), nullable=False) for key in FEATURES]


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "gold",
        sa.Column("image_id", BIG_ID, autoincrement=False, nullable=False),
        *answer(),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("image_id", name="pk_gold"),
        sa.ForeignKeyConstraint(["image_id"], ["images.image_id"], name="fk_gold_image_id"),
        **OPTIONS,
    )
    op.create_table(
        "reviews",
        sa.Column("review_id", BIG_ID, nullable=False),
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("reviewer", sa.String(100), nullable=False),
        *answer(),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("withdrawn_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("review_id", name="pk_reviews"),
        sa.ForeignKeyConstraint(["image_id"], ["images.image_id"], name="fk_reviews_image_id"),
        **OPTIONS,
    )
    op.create_table(
        "consensus",
        sa.Column("image_id", BIG_ID, autoincrement=False, nullable=False),
        *answer(),
        *(sa.Column(f"p_{key}", sa.Double(), nullable=False) for key in FEATURES),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(40), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("computed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("image_id", name="pk_consensus"),
        sa.ForeignKeyConstraint(["image_id"], ["images.image_id"], name="fk_consensus_image_id"),
        **OPTIONS,
    )
