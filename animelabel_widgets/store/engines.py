"""The engines: which URLs are taken, and what is set on each connection."""

from __future__ import annotations

import socket
import sqlite3
import time
from inspect import signature
from pathlib import Path
from typing import Any

import pymysql
from pymysql.constants import SERVER_STATUS
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from ..errors import ConfigError, StoreError
from .prepared import run_text

_SQL_MODE = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO"
# What `csv_lines` gives may be this long, in bytes.
_LONGEST_TEXT = 2**30
# Connections beside those that threads take turns with: SQLite's writer, a held lock.
_BESIDE = 2
# Seconds for which SQLite waits for other programs.
_BUSY = 30
# Pages of SQLite's log, 16 MiB, that are written to the database at once: the same ones are written
# again and again, and most ratings touch the same few.
_LOG_PAGES = 4_000
# A computer that has vanished is noticed within a minute, however long a query may take on one that
# is there: by default, a thread would wait for two hours. Where the system has these options.
_NOTICED = {
    "TCP_KEEPIDLE": 30,
    "TCP_KEEPINTVL": 10,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 60_000,
}
# A server that takes a connection says something soon.
_GREETED_WITHIN = 10
# A page waits for its answer: better it asks again than that its thread is held for a minute.
_LOCK_WAIT = 10


def checked_url(url: str) -> URL:
    """Read a URL, and refuse what this package cannot use."""
    expected = "expected sqlite:///FILE or mysql+pymysql://USER:PASSWORD@HOST/DATABASE"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            f"The database URL cannot be read: {expected}; correct ANIMELABEL_DATABASE_URL "
            "or the argument."
        ) from None
    if parsed.drivername not in ("sqlite", "mysql+pymysql", "mariadb+pymysql"):
        raise ConfigError(f"The database URL begins with {parsed.drivername}: {expected}.")
    if parsed.database in (None, "", ":memory:"):
        raise ConfigError(f"The database URL names no database: {expected}.")
    unknown = set(parsed.query) - _options(parsed)
    if unknown:
        raise ConfigError(
            f"The database URL has the option {min(unknown)}, which is not known: remove it."
        )
    return parsed


def _options(url: URL) -> set[str]:
    """Give the options that may follow the question mark of a URL."""
    if url.get_backend_name() == "sqlite":
        return set()
    taken = set(signature(pymysql.connections.Connection.__init__).parameters)
    return taken | {"charset", "ssl_check_hostname"}


def check_file(file: Path, *, create: bool) -> None:
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


def sqlite_engine(url: URL, connections: int) -> Engine:
    """Make an engine whose writers queue instead of failing, and whose commits are durable."""
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=_BESIDE,
        hide_parameters=True,
        connect_args={"timeout": _BUSY},
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        _use_wal(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", f"wal_autocheckpoint={_LOG_PAGES}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _began(connection: Connection) -> None:
        reads = connection.get_execution_options().get("animelabel_reads")
        run_text(connection, "BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _use_wal(connection: Any) -> None:
    """Let readers and the writer not wait for each other."""
    until = time.monotonic() + _BUSY
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            # SQLite does not wait for the others here, when several open a new file at once.
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def mysql_engine(url: URL, connections: int) -> Engine:
    """Make an engine with strict SQL and the isolation that the hand-out relies on."""
    session = (
        f"SET SESSION sql_mode='{_SQL_MODE}', SESSION innodb_lock_wait_timeout={_LOCK_WAIT}, "
        f"SESSION lock_wait_timeout={_LOCK_WAIT}, SESSION group_concat_max_len={_LONGEST_TEXT}"
    )
    limited = {"read_timeout", "write_timeout"} - set(url.query)
    engine = create_engine(
        url.update_query_dict({"charset": "utf8mb4"}),
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        pool_size=connections,
        max_overflow=_BESIDE,
        pool_reset_on_return=None,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": _GREETED_WITHIN,
            "init_command": session,
            **dict.fromkeys(limited, _GREETED_WITHIN),
        },
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        for name in limited:
            # From now on a query may take as long as it takes.
            setattr(connection, f"_{name}", None)
        peer = connection._sock  # noqa: SLF001 - there is no other way to it
        if peer.family != getattr(socket, "AF_UNIX", None):
            for name, value in _NOTICED.items():
                if hasattr(socket, name):
                    peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    @event.listens_for(engine, "reset")
    def _given_back(connection: Any, _record: object, _state: object) -> None:
        # SQLAlchemy would roll back after each commit, which costs a round trip. Every transaction
        # is ended before; what a commit that failed has left is undone here.
        if connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS:
            connection.rollback()

    return engine
