"""What reviewers do: a log of their acts, decisions that teach, volunteers who are blocked.

Revision 0005, follows 0004. Each step looks whether it was done, because MySQL
and MariaDB commit each by itself, and an upgrade may be interrupted in between.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"
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
INDEXES = {
    "ix_acts_image_id": ("acts", ["image_id"]),
    "ix_acts_volunteer_id": ("acts", ["volunteer_id"]),
    "ix_acts_reviewer_act_id": ("acts", ["reviewer", "act_id"]),
    "ix_reviews_image_id": ("reviews", ["image_id"]),
    "ix_volunteers_blocked_at": ("volunteers", ["blocked_at"]),
}


def upgrade() -> None:
    """Create the log, the three columns and the indexes."""
    op.create_table(
        "acts",
        sa.Column("act_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("image_id", BIG_ID, nullable=True),
        sa.Column("volunteer_id", BIG_ID, nullable=True),
        sa.Column("reviewer", sa.String(100), nullable=False),
        sa.Column("undoes", BIG_ID, nullable=True),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("became", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("act_id", name="pk_acts"),
        sa.ForeignKeyConstraint(["image_id"], ["images.image_id"], name="fk_acts_image_id"),
        sa.ForeignKeyConstraint(["undoes"], ["acts.act_id"], name="fk_acts_undoes"),
        sa.UniqueConstraint("undoes", name="uq_acts_undoes"),
        **OPTIONS,
    )
    # Decisions of before served as known answers, and go on to do so.
    _add("reviews", sa.Column("teaches", sa.Boolean(), server_default="1", nullable=False))
    _add("reviews", sa.Column("explanation", sa.Text(), nullable=True))
    _add("volunteers", sa.Column("blocked_at", TIME, nullable=True))
    for name, (table, columns) in INDEXES.items():
        if name not in {each["name"] for each in sa.inspect(op.get_bind()).get_indexes(table)}:
            op.create_index(name, table, columns)


def _add(table: str, column: sa.Column[Any]) -> None:
    """Add a column that is not there yet."""
    if column.name not in {each["name"] for each in sa.inspect(op.get_bind()).get_columns(table)}:
        op.add_column(table, column)
