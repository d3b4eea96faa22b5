"""The images, the pool, the volunteers and their ratings.

Revision 0001, the first. Each step looks whether it was done, because MySQL and
MariaDB commit each by itself, and a creation may be interrupted in between.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
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
INDEXES = (
    ("pool", ["state", "load", "shuffle"]),
    ("assignments", ["volunteer_id", "image_id", "lease"]),
    ("assignments", ["lease", "expires_at"]),
)
UUID = sa.LargeBinary(16).with_variant(mysql.BINARY(16), *MYSQL)


def exact(length: int) -> sa.types.TypeEngine[str]:
    """Give text that differs wherever its characters differ."""
    return sa.String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), *MYSQL
    )


def answer() -> list[sa.Column[bool]]:
    """Give a yes or no for each feature."""
    return [
        sa.Column(key, sa.Boolean(), nullable=False) for key in ("text", "logo", "person", "empty")
    ]


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "campaign",
        sa.Column("campaign_id", UUID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", name="pk_campaign"),
        **OPTIONS,
    )
    op.create_table(
        "series",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("folder", exact(255), nullable=False),
        sa.Column("title", sa.String(512), nullable=False),
        sa.Column("is_anime", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("series_id", name="pk_series"),
        sa.UniqueConstraint("folder", name="uq_series_folder"),
        **OPTIONS,
    )
    op.create_table(
        "images",
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("filename", exact(512), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("byte_size", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("image_id", name="pk_images"),
        sa.ForeignKeyConstraint(["series_id"], ["series.series_id"], name="fk_images_series_id"),
        sa.UniqueConstraint("series_id", "filename", name="uq_images_series_id_filename"),
        **OPTIONS,
    )
    op.create_table(
        "pool",
        sa.Column("image_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(200), nullable=True),
        sa.Column("load", sa.Integer(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("shuffle", sa.Double(), nullable=False),
        sa.Column("n_text", sa.Integer(), nullable=False),
        sa.Column("n_logo", sa.Integer(), nullable=False),
        sa.Column("n_person", sa.Integer(), nullable=False),
        sa.Column("n_empty", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", name="pk_pool"),
        sa.ForeignKeyConstraint(["image_id"], ["images.image_id"], name="fk_pool_image_id"),
        **OPTIONS,
    )
    op.create_table(
        "volunteers",
        sa.Column("volunteer_id", BIG_ID, nullable=False),
        sa.Column(
            "token_hash",
            sa.LargeBinary(32).with_variant(mysql.BINARY(32), *MYSQL),
            nullable=False,
        ),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("volunteer_id", name="pk_volunteers"),
        sa.UniqueConstraint("token_hash", name="uq_volunteers_token_hash"),
        **OPTIONS,
    )
    op.create_table(
        "assignments",
        sa.Column("assignment_id", UUID, nullable=False),
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("volunteer_id", BIG_ID, nullable=False),
        sa.Column("lease", sa.String(8), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("assignment_id", name="pk_assignments"),
        sa.ForeignKeyConstraint(["image_id"], ["images.image_id"], name="fk_assignments_image_id"),
        sa.ForeignKeyConstraint(
            ["volunteer_id"], ["volunteers.volunteer_id"], name="fk_assignments_volunteer_id"
        ),
        **OPTIONS,
    )
    op.create_table(
        "ratings",
        sa.Column("rating_id", BIG_ID, nullable=False),
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("volunteer_id", BIG_ID, nullable=False),
        sa.Column("assignment_id", UUID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("elapsed_ms", sa.Integer(), nullable=False),
        *answer(),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("rating_id", name="pk_ratings"),
        sa.ForeignKeyConstraint(["image_id"], ["images.image_id"], name="fk_ratings_image_id"),
        sa.ForeignKeyConstraint(
            ["volunteer_id"], ["volunteers.volunteer_id"], name="fk_ratings_volunteer_id"
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.assignment_id"], name="fk_ratings_assignment_id"
        ),
        sa.UniqueConstraint("volunteer_id", "image_id", name="uq_ratings_volunteer_id_image_id"),
        sa.UniqueConstraint("assignment_id", name="uq_ratings_assignment_id"),
        **OPTIONS,
    )
    op.create_table(
        "rating_events",
        sa.Column("event_id", BIG_ID, nullable=False),
        sa.Column("assignment_id", UUID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("elapsed_ms", sa.Integer(), nullable=False),
        *answer(),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_rating_events"),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.assignment_id"], name="fk_rating_events_assignment_id"
        ),
        sa.UniqueConstraint(
            "assignment_id", "revision", name="uq_rating_events_assignment_id_revision"
        ),
        **OPTIONS,
    )
    inspector = sa.inspect(op.get_bind())
    for table, columns in INDEXES:
        name = "_".join(["ix", table, *columns])
        if name not in {index["name"] for index in inspector.get_indexes(table)}:
            op.create_index(name, table, columns)
    op.bulk_insert(
        sa.table("campaign", sa.column("campaign_id", UUID), sa.column("created_at", TIME)),
        [{"campaign_id": uuid4().bytes, "created_at": datetime.now(UTC).replace(tzinfo=None)}],
    )
