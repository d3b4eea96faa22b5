"""A priority for each image, which ranks before the number of its ratings; indexes by image.

Revision 0003, follows 0002. Each step looks whether it was done, because MySQL
and MariaDB commit each by itself, and an upgrade may be interrupted in between.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FORMER_INDEX = "ix_pool_state_load_shuffle"
INDEX = "ix_pool_state_priority_load_shuffle"


def upgrade() -> None:
    """Add the column, and put it into the index that the hand-out reads; then the others."""
    inspector = sa.inspect(op.get_bind())
    indexes = {
        index["name"]
        for table in ("pool", "assignments", "ratings")
        for index in inspector.get_indexes(table)
    }
    if "priority" not in {column["name"] for column in inspector.get_columns("pool")}:
        op.add_column(
            "pool", sa.Column("priority", sa.SmallInteger(), nullable=False, server_default="0")
        )
    if INDEX not in indexes:
        op.create_index(INDEX, "pool", ["state", "priority", "load", "shuffle"])
    if FORMER_INDEX in indexes:
        op.drop_index(FORMER_INDEX, "pool")
    for table in ("assignments", "ratings"):
        if f"ix_{table}_image_id" not in indexes:
            op.create_index(f"ix_{table}_image_id", table, ["image_id"])
