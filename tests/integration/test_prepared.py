"""Statements that are composed once: what they give and raise is what SQLAlchemy would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from support.mariadb import MariaDB

from animelabel_widgets.labels import NewImage, Series
from animelabel_widgets.store import Store
from animelabel_widgets.store.database import Database
from animelabel_widgets.store.prepared import Prepared, run_text
from animelabel_widgets.tables import Assignment, Lease, table

ROW = {
    "assignment_id": UUID(int=7),
    "image_id": 1,
    "volunteer_id": 1,
    "lease": Lease.LIVE,
    "created_at": datetime(2026, 3, 1, 12, 0, 0, 123_000, UTC),
    "expires_at": datetime(2026, 3, 1, 12, 10, tzinfo=UTC),
}
assignments = table(Assignment)
ALL = select(assignments).where(assignments.c.volunteer_id == bindparam("volunteer"))
NEW = Prepared(insert(assignments).values({name: bindparam(name) for name in ROW}))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Give a database in which one image can be handed to one volunteer."""
    with closing(Store.open(database_url)) as store:
        store.volunteer("0" * 32)
        series_id = store.put_series(Series("a", "A"), update=False)
        store.add_images(series_id, [NewImage("a.jpg", 10, 10, 5000)])
        yield store._database


def test_values_go_in_and_come_out_as_with_sqlalchemy(database: Database) -> None:
    """Ids, times with milliseconds, enumerations."""
    assert database.write(lambda c: NEW(c, ROW)) == []
    mine = {"volunteer": 1}
    rows = database.read(lambda c: Prepared(ALL)(c, mine))
    assert [row._asdict() for row in rows] == [ROW]
    assert rows == database.read(lambda c: c.execute(ALL, mine).all())
    assert database.read(lambda c: Prepared(ALL).first(c, {"volunteer": 2})) is None


def test_a_value_that_is_missing_is_no_null(database: Database) -> None:
    """It is a mistake."""
    with pytest.raises(KeyError, match="volunteer"):
        database.read(lambda c: Prepared(ALL)(c, {}))


def test_a_refusal_is_sqlalchemys_and_shows_no_values(database: Database) -> None:
    """Whoever catches those of other statements catches these."""
    database.write(lambda c: NEW(c, ROW))
    with database.engine.connect() as connection, pytest.raises(IntegrityError) as caught:
        NEW(connection, ROW)
    assert not caught.value.connection_invalidated
    assert "2026" not in str(caught.value).split("[SQL")[1]


@pytest.mark.parametrize("database_url", ["mariadb"], indirect=True)
def test_a_lost_connection_is_given_up_with_all_that_wait(
    database: Database, mariadb: MariaDB
) -> None:
    """None of the others is tried in vain."""
    number = text("SELECT CONNECTION_ID()")
    with database.engine.connect() as other, database.engine.connect() as connection:
        waiting, kept = other.scalar(number), connection.scalar(number)
        other.close()
        for each in (waiting, kept):
            mariadb.administer(f"KILL {each}")
        with pytest.raises(DBAPIError) as caught:
            Prepared(ALL)(connection, {"volunteer": 1})
        assert caught.value.connection_invalidated
    assert database.engine.pool.checkedin() == 0
    assert database.read(lambda c: Prepared(ALL)(c, {"volunteer": 1})) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_is_interrupted_hears_of_nothing_else(database: Database) -> None:
    """The connection, of which nobody knows what it has done, is given up."""

    class Interrupting:
        """A value that is asked for its form in the middle of the driver's work."""

        def __conform__(self, _protocol: object) -> str:
            raise KeyboardInterrupt

    with database.engine.connect() as connection:
        with pytest.raises(KeyboardInterrupt):
            run_text(connection, "SELECT ?", [Interrupting()])
        assert connection.invalidated
    assert database.read(lambda c: Prepared(ALL)(c, {"volunteer": 1})) == []
