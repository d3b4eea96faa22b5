"""The tables as DataFrames, and the counts of a campaign.

Apart from the rest of the store, because the volunteers' processes do without pandas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Select, func, select

from ..tables import Gold, GoldAnswer, Image, Pool, Rating, Report, SeriesRow, State, Volunteer
from . import blocking, streaming
from .database import Database


@dataclass(frozen=True, slots=True)
class Stats:
    """The counts of a campaign.

    `images` counts by state; `known` those whose answer is known, and `known_answers` what
    volunteers said to them; `coverage` counts the open images by their votes.
    """

    series: int
    images: dict[str, int]
    volunteers: int
    ratings: int
    known: int
    known_answers: int
    reports: int
    coverage: dict[int, int]


def ratings(database: Database, *, progress: bool = False) -> pd.DataFrame:
    """Give the current answers, one row per volunteer and image."""
    columns = streaming.schema(database)
    portions = list(streaming.rating_tables(database, columns, progress=progress))
    single = len(portions) == 1
    together = pa.concat_tables(portions) if portions else pa.Table.from_batches([], columns)
    del portions
    # Each column is given up as soon as it is converted: there is never all of it twice.
    frame: pd.DataFrame = together.to_pandas(self_destruct=True, split_blocks=True)
    # pandas only looks at the memory of a single portion, and may not write there.
    return frame.copy() if single else frame


def images(database: Database) -> pd.DataFrame:
    """Give the images with their series and their state, one row per image."""
    query = (
        select(
            Image.image_id,
            SeriesRow.folder,
            Image.filename,
            SeriesRow.title,
            SeriesRow.is_anime,
            Image.width,
            Image.height,
            Image.byte_size,
            Pool.state,
            Pool.reason,
            Pool.votes,
        )
        .join(SeriesRow, SeriesRow.series_id == Image.series_id)
        .join(Pool, Pool.image_id == Image.image_id)
        .order_by(Image.image_id)
    )
    numbers = dict.fromkeys(("image_id", "width", "height", "byte_size", "votes"), "int64")
    texts = dict.fromkeys(("folder", "filename", "title", "state", "reason"), "str")
    return _frame(database, query).astype({**numbers, **texts, "is_anime": "boolean"})


def stats(database: Database) -> Stats:
    """Count what the campaign has."""
    states = select(Pool.state, func.count()).group_by(Pool.state)
    coverage = (
        select(Pool.votes, func.count())
        .where(Pool.state == State.OPEN)
        .group_by(Pool.votes)
        .order_by(Pool.votes)
    )

    def work(connection: Connection) -> Stats:
        series, volunteers, known, known_answers, reports = (
            connection.execute(select(func.count()).select_from(model)).scalar_one()
            for model in (SeriesRow, Volunteer, Gold, GoldAnswer, Report)
        )
        counted = Rating.volunteer_id.not_in(blocking.BLOCKED)
        ratings = connection.execute(select(func.count()).where(counted)).scalar_one()
        return Stats(
            series=series,
            images=dict(connection.execute(states).all()),
            volunteers=volunteers,
            ratings=ratings,
            known=known,
            known_answers=known_answers,
            reports=reports,
            coverage=dict(connection.execute(coverage).all()),
        )

    return database.read(work)


def _frame(database: Database, query: Select[*tuple[Any, ...]]) -> pd.DataFrame:
    """Read the rows of a query into a frame of plain objects."""
    columns = [column.name for column in query.selected_columns]
    rows = database.read(lambda connection: connection.execute(query).all())
    return pd.DataFrame.from_records([tuple(row) for row in rows], columns=columns)
