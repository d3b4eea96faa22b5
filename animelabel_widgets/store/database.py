"""The engine and the two ways to use it: one transaction that reads, one that writes.

What SQLite and MySQL/MariaDB do differently is here and nowhere else.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import URL, Connection, Engine, Insert, create_engine, event, inspect, make_url
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from ..errors import ConfigError, StoreError
from ..tables import Base
from .single_writer import SingleWriter

Result = TypeVar("Result")

ATTEMPTS = 6
CONNECTIONS = 8
"""A process serves hundreds of volunteers from a few threads: more would only wait longer."""
_SQL_MODE = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO"

# Deadlock, lock wait timeout, snapshot too old, Galera's not ready, server gone, connection lost.
# A write is repeated as a whole; each is harmless when its first try was committed unnoticed.
_RETRIED = {1213, 1205, 1020, 1047, 2006, 2013}
# A page waits for its answer: better it asks again than that its thread is held for a minute.
_LOCK_WAIT = 10

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
        parsed = _checked(url)
        self.shown = parsed.render_as_string(hide_password=True)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            _check_file(Path(str(parsed.database)), create=create)
            self.engine = _sqlite_engine(parsed, connections)
            self._write: _Transaction = SingleWriter(self.engine, Path(str(parsed.database))).run
        else:
            self.engine = _mysql_engine(parsed, connections)
            self._write = partial(_transaction, self.engine)
        reader = self.engine.execution_options(animelabel_reads=True)
        self._read: _Transaction = partial(_transaction, reader)

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

    def insert_new(self, model: type[Base]) -> Insert:
        """Give an INSERT that leaves rows alone which are there already."""
        if self.is_sqlite:
            return sqlite.insert(model).on_conflict_do_nothing()
        key = inspect(model).primary_key[0]
        return mysql.insert(model).on_duplicate_key_update({key.name: key})

    @contextlib.contextmanager
    def lock(self, connection: Connection, name: str) -> Iterator[None]:
        """Let one process at a time in, also across statements that commit by themselves.

        On SQLite the writing transaction itself is that lock.
        """
        if self.is_sqlite:
            yield
            return
        statement = "SELECT {0}_LOCK(CONCAT(%s, DATABASE()){1})"
        connection.exec_driver_sql(statement.format("GET", ", 60"), (name,))
        try:
            yield
        finally:
            connection.exec_driver_sql(statement.format("RELEASE", ""), (name,))

    def pause(self, attempt: int) -> None:
        """Wait before the next attempt, longer each time, and not as long as the others do."""
        time.sleep(random.uniform(0.5, 1) * 0.01 * 2**attempt)  # noqa: S311 - a jitter

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def _run(self, transaction: _Transaction, work: Callable[[Connection], Result]) -> Result:
        """Run `work` in a transaction, repeating it on errors that pass."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return cast("Result", transaction(work))
            except DBAPIError as error:
                if attempt == ATTEMPTS or not _passes(error):
                    raise self._explained(error) from error
            except SQLAlchemyError as error:
                raise self._explained(error) from error
            self.pause(attempt)
        raise AssertionError("unreachable")

    def _explained(self, error: SQLAlchemyError) -> StoreError:
        """Say in one sentence what happened and what to do."""
        code = _code(error)
        reason = str(error.orig.args[-1]) if isinstance(error, DBAPIError) and error.orig else ""
        reason = reason or type(error).__name__
        advice = _ADVICE.get(
            code, "check that it runs, that the URL is right and its disk not full"
        )
        return StoreError(f"The database {self.shown} refused the work ({reason}): {advice}.")


_Transaction = Callable[[Callable[[Connection], Any]], Any]


def _transaction(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    """Run `work` in a transaction of its own."""
    with engine.begin() as connection:
        return work(connection)


def _checked(url: str) -> URL:
    """Read a URL, and refuse what this package cannot use."""
    expected = "expected sqlite:///FILE or mysql+pymysql://USER:PASSWORD@HOST/DATABASE"
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError(
            f"The database URL cannot be read: {expected}; correct ANIMELABEL_DATABASE_URL "
            "or the argument."
        ) from None
    if parsed.drivername not in ("sqlite", "mysql+pymysql", "mariadb+pymysql"):
        raise ConfigError(f"The database URL begins with {parsed.drivername}: {expected}.")
    if parsed.database in (None, "", ":memory:"):
        raise ConfigError(f"The database URL names no database: {expected}.")
    return parsed


def _check_file(file: Path, *, create: bool) -> None:
    """Make sure that SQLite finds the file, or may make it."""
    if not file.parent.is_dir():
        raise StoreError(
            f"There is no folder {file.parent} for the database {file.name}: "
            "make it, or correct the database URL."
        )
    if not create and not file.is_file():
        raise StoreError(
            f"There is no database {file}: run `animelabel init`, or correct the database URL."
        )


def _sqlite_engine(url: URL, connections: int) -> Engine:
    """Make an engine whose writers queue instead of failing, and whose commits are durable."""
    engine = create_engine(url, pool_size=connections, max_overflow=0, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _began(connection: Connection) -> None:
        reads = connection.get_execution_options().get("animelabel_reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _mysql_engine(url: URL, connections: int) -> Engine:
    """Make an engine with strict SQL and the isolation that the hand-out relies on."""
    session = f"SET SESSION sql_mode='{_SQL_MODE}', SESSION innodb_lock_wait_timeout={_LOCK_WAIT}"
    return create_engine(
        url.update_query_dict({"charset": "utf8mb4"}),
        isolation_level="READ COMMITTED",
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=True,
        pool_reset_on_return=None,  # every use ends in a commit or a rollback of its own
        pool_recycle=1800,
        connect_args={"connect_timeout": 10, "init_command": session},
    )


def _passes(error: DBAPIError) -> bool:
    """Say whether the same work may succeed when it is done again."""
    return error.connection_invalidated or _code(error) in _RETRIED


def _code(error: SQLAlchemyError) -> int:
    """Give MySQL's number of an error, or 0."""
    if isinstance(error, DBAPIError) and error.orig is not None and error.orig.args:
        first = error.orig.args[0]
        return first if isinstance(first, int) else 0
    return 0
