"""The version of the tables: to see it, to create them, to upgrade them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from ..errors import SchemaError
from .database import Database

HEAD = "0005"
"""The newest revision in `migrations/`; a test keeps the two in agreement."""

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def check(database: Database) -> None:
    """Make sure that the tables are there and of this version.

    Raises
    ------
    SchemaError
        If they are missing, older or newer, with the command that helps.
    """
    found = version(database)
    if found is None:
        raise SchemaError(
            f"The database {database.shown} has no tables of animelabel yet: "
            "run `animelabel init` with this URL."
        )
    if found < HEAD:
        raise SchemaError(
            f"The tables in {database.shown} are of version {found}, and {HEAD} is needed: "
            "make a backup, then run `animelabel init` with this URL to upgrade them."
        )
    if found > HEAD:
        raise SchemaError(
            f"The tables in {database.shown} are of version {found}, newer than this program "
            f"knows ({HEAD}): update the package animelabel-widgets."
        )


def version(database: Database) -> str | None:
    """Give the version of the tables, or None where there are none."""

    def work(connection: Connection) -> str | None:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found

    return database.read(work)


def upgrade(database: Database, revision: str = "head") -> None:
    """Create the tables, or bring them to a revision; rows are kept.

    Parameters
    ----------
    database
        Where.
    revision
        A revision of `migrations/`.
    """
    # Imported here: the volunteers' processes never upgrade, and every import counts there.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))

    def work(connection: Connection) -> None:
        with database.lock(connection, "schema"):
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

    database.write(work)
