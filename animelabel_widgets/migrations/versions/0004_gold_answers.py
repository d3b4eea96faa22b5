"""Answers to images whose answer is known, reports of pictures, and nicknames.

Revision 0004, follows 0003. Each step looks whether it was done, because MySQL
and MariaDB commit each by itself, and an upgrade may be interrupted in between.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
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
UUID = sa.LargeBinary(16).with_variant(mysql.BINARY(16), *MYSQL)
REPORTERS = "ix_reports_image_id_volunteer_id"
NICKNAMES = "ix_volunteers_nickname"


def upgrade() -> None:
    """Create the two tables, and the column with its index."""
    op.create_table(
        "gold_answers",
        sa.Column("answer_id", BIG_ID, nullable=False),
        sa.Column("assignment_id", UUID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("elapsed_ms", sa.Integer(), nullable=False),
        *[
            sa.Column(key, sa.Boolean(), nullable=False)
            for key in ("text", "logo", "person", "empty")
        ],
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("answer_id", name="pk_gold_answers"),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.assignment_id"], name="fk_gold_answers_assignment_id"
        ),
        sa.UniqueConstraint(
            "assignment_id", "revision", name="uq_gold_answers_assignment_id_revision"
        ),
        **OPTIONS,
    )
    op.create_table(
        "reports",
        sa.Column("report_id", BIG_ID, nullable=False),
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("volunteer_id", BIG_ID, nullable=False),
        sa.Column("assignment_id", UUID, nullable=False),
        sa.Column("reason", sa.String(12), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("report_id", name="pk_reports"),
        sa.ForeignKeyConstraint(["image_id"], ["images.image_id"], name="fk_reports_image_id"),
        sa.ForeignKeyConstraint(
            ["volunteer_id"], ["volunteers.volunteer_id"], name="fk_reports_volunteer_id"
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.assignment_id"], name="fk_reports_assignment_id"
        ),
        sa.UniqueConstraint("assignment_id", "reason", name="uq_reports_assignment_id_reason"),
        **OPTIONS,
    )
    inspector = sa.inspect(op.get_bind())
    if REPORTERS not in {index["name"] for index in inspector.get_indexes("reports")}:
        op.create_index(REPORTERS, "reports", ["image_id", "volunteer_id"])
    if "nickname" not in {column["name"] for column in inspector.get_columns("volunteers")}:
        op.add_column("volunteers", sa.Column("nickname", sa.String(24), nullable=True))
    if NICKNAMES not in {index["name"] for index in inspector.get_indexes("volunteers")}:
        op.create_index(NICKNAMES, "volunteers", ["nickname"])
