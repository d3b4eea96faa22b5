"""All images in one narrow frame, for the reviewers' filters; and what is known of one of them.

Apart from the rest of the store, because it needs pandas. Only numbers travel: the database
writes lines of CSV, as for the ratings, and 300,000 images take about a second.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import csv
from sqlalchemy import ColumnElement, Connection, Integer, bindparam, case, cast, func, select

from ..errors import StoreError
from ..labels import KEYS
from ..tables import Consensus, Image, Pool, Rating, SeriesRow, State, Volunteer, table
from .database import Database
from .reviewing import BROUGHT_BACK, SETTLED, TAKEN_OUT

PORTION = 50_000
STATES = tuple(State)
REASONS = (
    "",
    "consensus",
    "blank",
    "limit",
    SETTLED,
    TAKEN_OUT,
    BROUGHT_BACK,
    "one colour",
    "other",
)
"""Why an image is where it is, in the order of their codes."""

_SCALE = 10_000
_COUNTS = tuple(f"n_{key}" for key in KEYS)
_SHARES = tuple(f"p_{key}" for key in KEYS)
_COLUMNS = ("image_id", "series_id", "state", "reason", "votes", *_COUNTS, *_SHARES)


def everything(database: Database) -> pd.DataFrame:
    """Give all images, indexed by `image_id`.

    `series_id`, the codes of `state` and `reason`, `votes`, the yes votes `n_<feature>`, and the
    stored probabilities `p_<feature>`, NaN where there are none.
    """
    last = database.largest(Image.image_id)
    parts = [
        database.read(partial(_portion, _lines(database), start))
        for start in range(1, last + 1, PORTION)
    ]
    return _frame([part for part in parts if part is not None])


def some(database: Database, images: list[int]) -> pd.DataFrame:
    """Give the same of a few images."""
    query = select(*_numbers()).select_from(_JOINED).where(_pool.c.image_id.in_(images))
    rows = database.read(lambda connection: connection.execute(query).all())
    columns = {name: [row[place] for row in rows] for place, name in enumerate(_COLUMNS)}
    return _frame([pa.table({name: pa.array(columns[name], pa.int64()) for name in _COLUMNS})])


def unsure(database: Database, count: int) -> list[int]:
    """Give a few open images of which the crowd is not sure, by the index of the hand-out."""
    query = (
        select(_pool.c.image_id)
        .where(_pool.c.state == State.OPEN)
        .order_by(_pool.c.priority, _pool.c.load, _pool.c.shuffle)
        .limit(count)
    )
    return list(database.read(lambda connection: connection.scalars(query).all()))


def series(database: Database) -> pd.DataFrame:
    """Give the series, indexed by `series_id`: `title` and `is_anime` (NA where unknown)."""
    query = select(SeriesRow.series_id, SeriesRow.title, SeriesRow.is_anime).order_by(
        SeriesRow.title
    )
    rows = database.read(lambda connection: connection.execute(query).all())
    found = pd.DataFrame([tuple(row) for row in rows], columns=["series_id", "title", "is_anime"])
    return found.set_index("series_id").astype({"is_anime": "boolean"})


def votes(database: Database, image_id: int) -> list[dict[str, Any]]:
    """Give the votes on an image, those of blocked volunteers too, which do not count."""
    query = (
        select(
            Rating.volunteer_id,
            *[getattr(Rating, key) for key in KEYS],
            Volunteer.blocked_at.is_not(None).label("blocked"),
        )
        .join(Volunteer, Volunteer.volunteer_id == Rating.volunteer_id)
        .where(Rating.image_id == image_id)
        .order_by(Rating.rating_id)
    )
    rows = database.read(lambda connection: connection.execute(query).all())
    return [
        {
            "volunteer": row.volunteer_id,
            "blocked": bool(row.blocked),
            "said": [key for key in KEYS if getattr(row, key)],
        }
        for row in rows
    ]


_pool, _images, _consensus = table(Pool), table(Image), table(Consensus)
_JOINED = _pool.join(_images, _images.c.image_id == _pool.c.image_id).outerjoin(
    _consensus, _consensus.c.image_id == _pool.c.image_id
)


def _numbers() -> list[ColumnElement[int]]:
    """Give the columns as whole numbers."""
    other = len(REASONS) - 1
    reasons = {reason: code for code, reason in enumerate(REASONS[1:-1], 1)}
    states = {state.value: code for code, state in enumerate(STATES)}
    columns: list[ColumnElement[int]] = [
        _pool.c.image_id,
        _images.c.series_id,
        case(states, value=_pool.c.state, else_=0),
        case((_pool.c.reason.is_(None), 0), else_=case(reasons, value=_pool.c.reason, else_=other)),
        _pool.c.votes,
        *[_pool.c[name] for name in _COUNTS],
    ]
    for name in _SHARES:
        said = func.round(_consensus.c[name] * _SCALE)
        columns.append(cast(func.coalesce(said, -1), Integer))
    return columns


def _lines(database: Database) -> Any:
    """Select a portion as one text of CSV lines, with their number."""
    return (
        select(database.csv_lines(_numbers()), func.count())
        .select_from(_JOINED)
        .where(_pool.c.image_id.between(bindparam("first"), bindparam("last")))
    )


def _portion(query: Any, start: int, connection: Connection) -> pa.Table | None:
    """Read a portion."""
    ends = {"first": start, "last": start + PORTION - 1}
    lines, count = connection.execute(query, ends).one()
    if not count:
        return None
    read = csv.read_csv(
        pa.BufferReader(lines.encode()),
        csv.ReadOptions(column_names=list(_COLUMNS)),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(_COLUMNS, pa.int64())),
    )
    if len(read) != count or not lines.endswith("\n"):
        raise StoreError(
            "The database cut a long answer short: set its max_allowed_packet to 16M or more."
        )
    return read


def _frame(parts: list[pa.Table]) -> pd.DataFrame:
    """Make a frame of the portions."""
    empty = pa.table({name: pa.array([], pa.int64()) for name in _COLUMNS})
    frame: pd.DataFrame = pa.concat_tables([empty, *parts]).to_pandas().set_index("image_id")
    for name in _SHARES:
        frame[name] = frame[name].where(frame[name] >= 0) / _SCALE
    return frame.sort_index()
