"""The engine and the two ways to use it: one transaction that reads, one that writes.

What SQLite and MySQL/MariaDB do differently is here and in `engines.py`, and nowhere else.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Engine,
    Insert,
    Integer,
    func,
    inspect,
    select,
)
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute

from ..errors import StoreError
from ..tables import Base, table
from .engines import check_file, checked_url, mysql_engine, sqlite_engine
from .gate import Gate
from .lock_files import alone
from .single_writer import SingleWriter

Result = TypeVar("Result")

ATTEMPTS = 6
UPGRADE_SECONDS = 60
"""For which an upgrade of the tables waits until another one has ended."""
CONNECTIONS = 8
"""Enough for the hundreds of volunteers of a process: more would only wait longer."""

# Deadlock, lock wait timeout, snapshot too old, Galera's not ready, server gone, connection lost.
# A write is repeated as a whole; each is harmless when its first try was committed unnoticed.
_RETRIED = {1213, 1205, 1020, 1047, 2006, 2013}

_ADVICE = {
    1044: "give this user rights on the database",
    1045: "check the user and the password in the URL",
    1049: "create the database first, or correct its name in the URL",
    2003: "start the server, or correct the host and the port in the URL",
}


def utc_now() -> datetime:
    """Give the time."""
    return datetime.now(UTC)


class Database:
    """A pool of connections to one database; safe to share between threads.

    Parameters
    ----------
    url
        An SQLAlchemy URL: `sqlite:///file.db` or `mysql+pymysql://…`.
    create
        Make the file of an SQLite database where there is none.
    clock
        Gives the time, with its zone.
    connections
        How many there are at most, for all threads together.

    Raises
    ------
    ConfigError
        If the URL is not one that this package can use.
    StoreError
        If the file of an SQLite database, or the folder for it, is missing.
    """

    def __init__(
        self,
        url: str,
        *,
        create: bool = True,
        clock: Callable[[], datetime] = utc_now,
        connections: int = CONNECTIONS,
    ) -> None:
        self.now = clock
        parsed = checked_url(url)
        self.shown = parsed.render_as_string(hide_password=True)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        gate = Gate(connections)
        if self.is_sqlite:
            self._file = Path(str(parsed.database)).resolve()
            check_file(self._file, create=create)
            self.engine = sqlite_engine(parsed, connections)
            self._writer = SingleWriter(self.engine, self._file)
            self._write: _Transaction = self._writer.run
        else:
            self.engine = mysql_engine(parsed, connections)
            self._write = partial(_transaction, self.engine, gate)
        reader = self.engine.execution_options(animelabel_reads=True)
        self._read: _Transaction = partial(_transaction, reader, gate)

    def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a transaction that changes nothing.

        Raises
        ------
        StoreError
            If the database cannot be reached or refuses the work.
        """
        return self._run(self._read, work)

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a transaction, and again as a whole when it met another one.

        Raises
        ------
        StoreError
            If the database cannot be reached or refuses the work.
        """
        return self._run(self._write, work)

    def ping(self) -> None:
        """Ask for something, so that it is told whether the database answers.

        Raises
        ------
        StoreError
            If it does not.
        """
        self.read(lambda connection: connection.scalar(select(1)))

    def insert_new(self, model: type[Base]) -> Insert:
        """Give an INSERT that leaves rows alone which are there already."""
        if self.is_sqlite:
            return sqlite.insert(model).on_conflict_do_nothing()
        key = inspect(model).primary_key[0]
        return mysql.insert(model).on_duplicate_key_update({key.name: key})

    def upsert(self, model: type[Base]) -> Insert:
        """Give an INSERT that replaces the row with the same key, of all columns but the key."""
        names = [column.name for column in table(model).columns if not column.primary_key]
        if self.is_sqlite:
            new = sqlite.insert(model)
            key = [column.name for column in table(model).primary_key]
            return new.on_conflict_do_update(key, set_={name: new.excluded[name] for name in names})
        inserted = mysql.insert(model)
        return inserted.on_duplicate_key_update({name: inserted.inserted[name] for name in names})

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Tell whether nobody else is in a block of this name, as long as this one lasts.

        Raises
        ------
        StoreError
            If the database cannot be reached.
        """
        if self.is_sqlite:
            with alone(self._file, f"-{name}") as mine:
                yield mine
            return
        # Repeated where the connections that wait are lost, which this one is not to find out.
        self.ping()
        with contextlib.ExitStack() as held:
            try:
                connection = held.enter_context(self.engine.connect())
                mine = held.enter_context(_named_lock(connection, f"animelabel_{name}_", 0))
                connection.commit()
            except SQLAlchemyError as error:
                raise self._explained(error) from error
            yield mine

    def csv_lines(self, columns: Sequence[ColumnElement[Any]]) -> ColumnElement[str]:
        """Give all rows as one text: values with commas between, and every line has its end.

        The last one too, so that a text that was cut short can be told.
        """
        if self.is_sqlite:
            # "%d" is faster than "%s", which makes a text of each number first.
            numbers = [isinstance(column.type, (Integer, Boolean)) for column in columns]
            form = ",".join("%d" if number else "%s" for number in numbers)
            line = func.printf(form + "\n", *columns)
        else:
            line = func.concat(func.concat_ws(",", *columns), "\n")
        return func.aggregate_strings(line, "")

    def largest(self, column: InstrumentedAttribute[int]) -> int:
        """Give the largest value of a column, 0 where there is none."""
        return self.read(lambda connection: connection.scalar(select(func.max(column)))) or 0

    @contextlib.contextmanager
    def lock(self, connection: Connection, name: str) -> Iterator[None]:
        """Let one process at a time in, also across statements that commit by themselves.

        On SQLite the writing transaction itself is that lock.

        Raises
        ------
        StoreError
            If another process is in for more than a minute.
        """
        if self.is_sqlite:
            yield
            return
        with _named_lock(connection, f"animelabel_{name}_", UPGRADE_SECONDS) as mine:
            if not mine:
                raise StoreError(
                    f"Another process has been changing the tables of {self.shown} for a minute: "
                    "try again when it has ended."
                )
            yield

    def pause(self, attempt: int) -> None:
        """Wait before the next attempt, longer each time, and not as long as the others do."""
        time.sleep(random.uniform(0.5, 1) * 0.01 * 2**attempt)  # noqa: S311 - a jitter

    def close(self) -> None:
        """Give back every connection."""
        if self.is_sqlite:
            self._writer.close()
        self.engine.dispose()

    def _run(self, transaction: _Transaction, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a transaction, repeating it on errors that pass."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                result: Result = transaction(work)
            except DBAPIError as error:
                if attempt == ATTEMPTS or not _passes(error):
                    raise self._explained(error) from error
            except SQLAlchemyError as error:
                raise self._explained(error) from error
            else:
                return result
            self.pause(attempt)
        raise AssertionError("unreachable")

    def _explained(self, error: SQLAlchemyError) -> StoreError:
        """Say in one sentence what happened and what to do."""
        code = _code(error)
        reason = str(error.orig.args[-1]) if isinstance(error, DBAPIError) and error.orig else ""
        reason = reason or type(error).__name__
        advice = _ADVICE.get(
            code,
            "check that its file and folder can be written and the disk is not full"
            if self.is_sqlite
            else "check that it runs, that the URL is right and its disk not full",
        )
        return StoreError(f"The database {self.shown} refused the work ({reason}): {advice}.")


_Transaction = Callable[[Callable[[Connection], Any]], Any]


def _transaction(engine: Engine, gate: Gate, work: Callable[[Connection], Result]) -> Result:
    """Run `work` in a transaction of its own."""
    with gate.passed(), engine.begin() as connection:
        return work(connection)


@contextlib.contextmanager
def _named_lock(connection: Connection, name: str, seconds: int) -> Iterator[bool]:
    """Hold a lock of MySQL's or MariaDB's, if it can be had; it ends with the connection."""
    got = connection.exec_driver_sql("SELECT GET_LOCK(CONCAT(%s, DATABASE()), %s)", (name, seconds))
    mine = got.scalar() == 1
    try:
        yield mine
    finally:
        if mine:
            # Of a connection that was lost, the server has given it back.
            with contextlib.suppress(SQLAlchemyError):
                connection.exec_driver_sql("SELECT RELEASE_LOCK(CONCAT(%s, DATABASE()))", (name,))


def _passes(error: DBAPIError) -> bool:
    """Say whether the same work may succeed when it is done again."""
    return error.connection_invalidated or _code(error) in _RETRIED


def _code(error: SQLAlchemyError) -> int:
    """Give MySQL's number of an error, or 0."""
    if isinstance(error, DBAPIError) and error.orig is not None and error.orig.args:
        first = error.orig.args[0]
        return first if isinstance(first, int) else 0
    return 0
