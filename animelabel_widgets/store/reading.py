"""The tables as DataFrames, and the counts of a campaign.

Apart from the rest of the store, because the volunteers' processes do without pandas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, func, select

from ..labels import KEYS
from ..tables import Image, Pool, Rating, SeriesRow, State, Volunteer
from .database import Database


@dataclass(frozen=True, slots=True)
class Stats:
    """The counts of a campaign.

    `images` counts by state; `coverage` counts the open images by their votes.
    """

    series: int
    images: dict[str, int]
    volunteers: int
    ratings: int
    coverage: dict[int, int]


def ratings(database: Database) -> pd.DataFrame:
    """Give the current answers, one row per volunteer and image."""
    features = [getattr(Rating, key) for key in KEYS]
    query = select(
        Rating.image_id, Rating.volunteer_id, *features, Rating.created_at, Rating.elapsed_ms
    ).order_by(Rating.rating_id)
    types = {"image_id": "int64", "volunteer_id": "int64", "elapsed_ms": "int64"}
    return _frame(database, query).astype(
        {**types, **dict.fromkeys(KEYS, "bool"), "created_at": "datetime64[ms, UTC]"}
    )


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
        series, volunteers, ratings = (
            connection.execute(select(func.count()).select_from(model)).scalar_one()
            for model in (SeriesRow, Volunteer, Rating)
        )
        return Stats(
            series=series,
            images=dict(connection.execute(states).all()),
            volunteers=volunteers,
            ratings=ratings,
            coverage=dict(connection.execute(coverage).all()),
        )

    return database.read(work)


def _frame(database: Database, query: Select[*tuple[Any, ...]]) -> pd.DataFrame:
    """Read the rows of a query into a frame of plain objects."""
    columns = [column.name for column in query.selected_columns]
    rows = database.read(lambda connection: connection.execute(query).all())
    return pd.DataFrame.from_records([tuple(row) for row in rows], columns=columns)
