"""Statements that are composed once, and run by the driver itself.

SQLAlchemy prepares each execution anew, which takes several times as long as the
database needs for a row. For what a volunteer's click waits for, that is too long.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import UpdateBase
from sqlalchemy.types import TypeEngine

_Process = Callable[[Any], Any] | None


class Prepared:
    """A statement of SQLAlchemy, to be called within a transaction.

    Parameters
    ----------
    statement
        With names for all values that change, and with a fixed number of them.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]] | UpdateBase) -> None:
        self._statement = statement
        self._forms: dict[tuple[str, bool], _Form] = {}

    def __call__(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Run it with these values; give its rows as named tuples.

        Raises
        ------
        sqlalchemy.exc.DBAPIError
            As SQLAlchemy would.
        """
        # MySQL's reserved words are not MariaDB's.
        kind = connection.dialect.name, getattr(connection.dialect, "is_mariadb", False)
        form = self._forms.get(kind)
        if form is None:
            form = self._forms[kind] = _Form(self._statement, connection.dialect)
        return form.run(connection, values)

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Give its first row, or None."""
        rows = self(connection, values)
        return rows[0] if rows else None


class _Form:
    """A statement as one database understands it."""

    def __init__(self, statement: Select[*tuple[Any, ...]] | UpdateBase, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self._text = str(compiled)
        # By their order on SQLite, by their names on MySQL.
        self._positional: bool = compiled.positional
        self._names: list[str] = compiled.positiontup or list(compiled.binds)
        binds = {name: compiled.binds[name] for name in self._names}
        self._binds: list[tuple[str, _Process]] = [
            (name, _of(binds[name].type, dialect).bind_processor(dialect)) for name in self._names
        ]
        self._always = {name: each.value for name, each in binds.items() if not each.required}
        columns: list[Any] = (
            list(statement.selected_columns) if isinstance(statement, Select) else []
        )
        self._columns: list[_Process] = [
            _of(column.type, dialect).result_processor(dialect, None) for column in columns
        ]
        Row = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc] # noqa: PYI024
        self._row: Callable[[Iterable[Any]], Any] = Row._make

    def run(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Run it; give its rows."""
        given = {**self._always, **values}
        bound = [process(given[name]) if process else given[name] for name, process in self._binds]
        found = run_text(
            connection,
            self._text,
            bound if self._positional else dict(zip(self._names, bound, strict=True)),
        )
        if not self._columns:
            return []
        rows = map(self._read, found) if any(self._columns) else found
        return [self._row(row) for row in rows]

    def _read(self, row: Iterable[Any]) -> list[Any]:
        """Read the values of a row."""
        read = zip(self._columns, row, strict=True)
        return [process(value) if process else value for process, value in read]


def run_text(connection: Connection, text: str, values: Any = ()) -> Sequence[Any]:
    """Have the driver run a statement; give its rows.

    Raises
    ------
    sqlalchemy.exc.DBAPIError
        As SQLAlchemy would.
    """
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text, values)
        rows: Sequence[Any] = cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        raise _translated(connection, text, error) from error
    except BaseException as error:
        if not isinstance(error, Exception):
            connection.invalidate(error)  # Ctrl-C may have come before the server's answer
        raise
    else:
        return rows
    finally:
        # Of a connection that was given up, it cannot be closed.
        with suppress(connection.dialect.loaded_dbapi.Error):
            cursor.close()


def _of(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    """Give a type as a database has it."""
    return kind.dialect_impl(dialect)


def _translated(connection: Connection, text: str, error: Exception) -> BaseException:
    """Make an error of the driver one of SQLAlchemy; a connection that is lost is given up."""
    dialect = connection.dialect
    driver = connection.connection.dbapi_connection
    lost = dialect.is_disconnect(error, driver, None)  # type: ignore[arg-type]
    translated = DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=dialect,
    )
    if lost:
        # Those that nobody uses just now are lost too.
        connection.invalidate(error)
        connection.engine.dispose()
    return translated
