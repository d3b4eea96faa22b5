"""Series and images: what there is to rate."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, insert, select, update

from ..labels import ImagePlace, NewImage, Series
from ..tables import Image, Pool, SeriesRow, State
from .database import Database


def put_series(database: Database, series: Series, *, update_row: bool) -> int:
    """Add a series, or change its title and kind where `update_row` says so; give its id."""
    values = {"title": series.title, "is_anime": series.is_anime}
    mine = SeriesRow.folder == series.folder

    def work(connection: Connection) -> int:
        connection.execute(database.insert_new(SeriesRow).values(folder=series.folder, **values))
        if update_row:
            connection.execute(update(SeriesRow).where(mine).values(**values))
        return connection.execute(select(SeriesRow.series_id).where(mine)).scalar_one()

    return database.write(work)


def filenames(database: Database, series_id: int) -> set[str]:
    """Give the names of the images that a series has already."""
    names = select(Image.filename).where(Image.series_id == series_id)
    return database.read(lambda connection: set(connection.scalars(names)))


def add_images(database: Database, series_id: int, images: Sequence[NewImage]) -> int:
    """Add images with their place in the pool; give how many were new.

    Another import of the same files at the same time does no harm: the one
    that comes second finds the rows of the first.
    """
    if not images:
        return 0
    now = database.now()
    by_name = {image.filename: image for image in images}
    rows = [
        {
            "series_id": series_id,
            "filename": image.filename,
            "width": image.width,
            "height": image.height,
            "byte_size": image.byte_size,
            "imported_at": now,
        }
        for image in by_name.values()
    ]
    without_place = (
        select(Image.image_id, Image.filename)
        .outerjoin(Pool, Pool.image_id == Image.image_id)
        .where(Image.series_id == series_id, Image.filename.in_(by_name), Pool.image_id.is_(None))
    )

    def work(connection: Connection) -> int:
        connection.execute(database.insert_new(Image), rows)
        added = connection.execute(without_place).all()
        if added:
            connection.execute(
                insert(Pool), [_place(image_id, by_name[name]) for image_id, name in added]
            )
        return len(added)

    return database.write(work)


def _place(image_id: int, image: NewImage) -> dict[str, object]:
    """Give a new image its row of the pool."""
    return {
        "image_id": image_id,
        "state": State.OPEN if image.prefiltered is None else State.PREFILTERED,
        "reason": image.prefiltered,
        "shuffle": random.random(),  # noqa: S311 - an order, not a secret
    }


def image_places(database: Database, images: Sequence[int]) -> dict[int, ImagePlace]:
    """Give where the files of some images are; those that are not there are left out."""
    query = (
        select(Image.image_id, SeriesRow.folder, Image.filename, SeriesRow.title)
        .join(SeriesRow, SeriesRow.series_id == Image.series_id)
        .where(Image.image_id.in_(images))
    )
    rows = database.read(lambda connection: connection.execute(query).all())
    return {row[0]: ImagePlace(*row[1:]) for row in rows}


def unknown_images(database: Database, images: Collection[int]) -> set[int]:
    """Give those ids that no image has."""
    wanted = set(images)
    if not wanted:
        return wanted
    query = select(Image.image_id).where(Image.image_id.between(min(wanted), max(wanted)))
    return wanted.difference(database.read(lambda connection: connection.scalars(query).all()))
