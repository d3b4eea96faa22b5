"""The ratings as Arrow tables, portion by portion.

The database writes the lines of a CSV file, many to a value, and Arrow reads
them: a value for each cell, made in Python, took ten times as long.

Never read the file with connectorx, ADBC or DuckDB while the store is open:
each brings an SQLite of its own, and two of them in one process undo each
other's locks. Closing the second one removed the log of the first (measured
with connectorx 0.4.6), and with it ratings that were acknowledged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
from pyarrow import csv
from sqlalchemy import Connection, Select, bindparam, func, select
from tqdm.auto import tqdm

from ..errors import StoreError
from ..labels import KEYS
from ..tables import Image, Rating, Volunteer, table
from . import blocking
from .database import Database

PORTION = 50_000
"""Ratings in one query, at most: some 3 MB, which every server sends unless told otherwise."""

PATIENCE = 2
"""Seconds until a progress bar appears."""

_COLUMNS = ("image_id", "volunteer_id", *KEYS, "created_at", "elapsed_ms")


def schema(database: Database) -> pa.Schema:
    """Give the columns with the narrowest types that hold every id."""
    largest = (database.largest(column) for column in (Image.image_id, Volunteer.volunteer_id))
    ids = [pa.int32() if each < 2**31 else pa.int64() for each in largest]
    types = [*ids, *[pa.bool_()] * len(KEYS), pa.timestamp("ms", "UTC"), pa.int32()]
    return pa.schema(list(zip(_COLUMNS, types, strict=True)))


def rating_tables(
    database: Database, columns: pa.Schema, *, progress: bool = False
) -> Iterator[pa.Table]:
    """Give the current answers in the order of their first arrival, but of who is blocked.

    Each portion is one consistent reading. A rating that arrives after the
    first one was read is left out; one that is revised meanwhile comes as it
    was or as it is.

    Parameters
    ----------
    database
        Where they are.
    columns
        What `schema` gave.
    progress
        Show a progress bar where it takes more than two seconds.

    Raises
    ------
    StoreError
        If the database cannot be reached, or does not send so long a value.
    """
    newest = database.largest(Rating.rating_id)
    query = _lines(database)
    last = 0
    with tqdm(
        total=newest, unit=" ratings", unit_scale=True, delay=PATIENCE, disable=not progress
    ) as bar:
        while last < newest:
            found = database.read(partial(_portion, query, last, newest))
            if found is None:
                return
            if found.count:
                yield _parsed(found.lines, found.count, columns)
            bar.update(found.reached - last)
            last = found.reached


@dataclass(frozen=True, slots=True)
class _Portion:
    """Lines of CSV, how many they are, and the id up to which they reach."""

    lines: str
    count: int
    reached: int


def _lines(database: Database) -> Select[str, int]:
    """Select the ratings between two ids as one text of CSV lines, with their number."""
    ratings = table(Rating)
    return select(
        database.csv_lines([ratings.c.rating_id, *[ratings.c[name] for name in _COLUMNS]]),
        func.count(),
    ).where(
        ratings.c.rating_id.between(bindparam("first"), bindparam("reached")),
        ratings.c.volunteer_id.not_in(blocking.BLOCKED),
    )


def _portion(
    query: Select[str, int], last: int, newest: int, connection: Connection
) -> _Portion | None:
    """Read the next portion, or None where nothing is left.

    It is a range of ids rather than so many rows: a LIMIT takes both databases
    a quarter longer. The range begins at an id that is there, however wide the gap.
    """
    ids = Rating.rating_id
    first = connection.scalar(select(func.min(ids)).where(ids > last, ids <= newest))
    if first is None:
        return None
    reached = min(first + PORTION - 1, newest)
    lines, count = connection.execute(query, {"first": first, "reached": reached}).one()
    return _Portion(lines, count, reached)


def _parsed(lines: str, count: int, columns: pa.Schema) -> pa.Table:
    """Read the lines of a portion."""
    # In memory of Arrow's own: its threads let go of it late, and when the program ends, there is
    # no Python any more to give memory back to.
    own = pa.BufferOutputStream()
    own.write(lines.encode())
    naive = {field.name: field.type for field in columns} | {"created_at": pa.timestamp("us")}
    try:
        read = csv.read_csv(
            pa.BufferReader(own.getvalue()),
            csv.ReadOptions(column_names=["rating_id", *columns.names]),
            convert_options=csv.ConvertOptions(column_types={"rating_id": pa.int64(), **naive}),
        )
    except pa.ArrowInvalid:
        read = None
    if read is None or len(read) != count or not lines.endswith("\n"):
        raise StoreError(
            "The database cut a long answer short: set its max_allowed_packet to 16M or more."
        )
    return read.sort_by("rating_id").drop_columns("rating_id").cast(columns, safe=False)
