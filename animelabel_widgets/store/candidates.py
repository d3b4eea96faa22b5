"""The candidates of a hand-out: the least rated images that a volunteer does not know.

They are read without a lock, from a random place of the index `(state, priority,
load, shuffle)`, level by level; a level is one priority and one load. How far a
level is searched is bounded, so a hand-out costs the same at any number of
images and for a volunteer who has rated tens of thousands of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, Double, Integer, and_, bindparam, func, select, true

from ..errors import VolunteerError
from ..tables import Assignment, Image, Lease, Pool, SeriesRow, State, Volunteer, table
from .prepared import Prepared

NEAR, EVERYTHING = 200, 2**31
"""Images looked at on each side of the random place: at first, and if all else fails.

Who knows 200 images in a row on both sides gets the next level, although the
first may have others left: those go to other volunteers. Every image is looked
at before anybody is told that none is left.
"""

Level = tuple[int, int]
"""A priority and a load."""


class Candidate(NamedTuple):
    """An image as it was read, without a lock."""

    image_id: int
    level: Level
    folder: str
    filename: str
    title: str


def candidates(
    volunteer_id: int, wanted: int, target: int, connection: Connection
) -> list[Candidate]:
    """Find up to `wanted` images, the lowest level first.

    Raises
    ------
    VolunteerError
        If there is no such volunteer.
    """
    start = _START.first(connection, {"volunteer": volunteer_id})
    if start is None:
        raise VolunteerError("This visitor is not known to this database: say hello again.")
    found: dict[int, Candidate] = {}
    for reach in (NEAR, EVERYTHING):
        for level in _levels(start.priority, start.load, target, connection):
            # One may come again: somebody else's lease has put it on another level meanwhile.
            for each in _unknown(volunteer_id, level, wanted - len(found), reach, connection):
                found.setdefault(each.image_id, each)
            if len(found) == wanted:
                break
        if found:
            break
    return list(found.values())


def _levels(
    priority: int | None, load: int | None, target: int, connection: Connection
) -> Iterator[Level]:
    """Go through the levels that have open images from one on, by dives into the index."""
    while priority is not None:
        while load is not None and load < target:
            yield priority, load
            (load,) = _NEXT_LOAD.first(connection, {"priority": priority, "load": load})
        (priority,) = _NEXT_PRIORITY.first(connection, {"priority": priority})
        (load,) = _NEXT_LOAD.first(connection, {"priority": priority, "load": -1})


def _unknown(
    volunteer_id: int, level: Level, wanted: int, reach: int, connection: Connection
) -> list[Candidate]:
    """Find images of one level on both sides of a random place."""
    values = {
        "volunteer": volunteer_id,
        "priority": level[0],
        "load": level[1],
        "pivot": random.random(),  # noqa: S311 - an order, not a secret
        "looked_at": reach,
    }
    found: list[Candidate] = []
    for side in _SIDES:
        missing = wanted - len(found)
        if missing:
            rows = side(connection, values | {"wanted": missing})
            found += [Candidate(image, level, *picture) for image, *picture in rows]
    return found


_pool, _assignments, _volunteers = table(Pool), table(Assignment), table(Volunteer)
_images, _series = table(Image), table(SeriesRow)

_OPEN = _pool.c.state == State.OPEN


def _side(*, above: bool) -> Prepared:
    """Select the unknown ones of a level among so many images on one side of the pivot."""
    pivot = bindparam("pivot", type_=Double)
    near = (
        select(_pool.c.image_id)
        .where(
            _OPEN,
            _pool.c.priority == bindparam("priority"),
            _pool.c.load == bindparam("load"),
            _pool.c.shuffle >= pivot if above else _pool.c.shuffle < pivot,
        )
        .order_by(_pool.c.shuffle)
        .limit(bindparam("looked_at", type_=Integer))
        .subquery()
    )
    # Outer joins: MariaDB turns NOT EXISTS into a slower plan, and would begin with the series,
    # and read all their images for a few.
    known = and_(
        _assignments.c.volunteer_id == bindparam("volunteer"),
        _assignments.c.image_id == near.c.image_id,
        _assignments.c.lease != Lease.EXPIRED,
    )
    return Prepared(
        select(near.c.image_id, _series.c.folder, _images.c.filename, _series.c.title)
        .outerjoin(_assignments, known)
        .outerjoin(_images, _images.c.image_id == near.c.image_id)
        .outerjoin(_series, _series.c.series_id == _images.c.series_id)
        .where(_assignments.c.image_id.is_(None))
        .limit(bindparam("wanted", type_=Integer))
    )


_FIRST = (
    select(_pool.c.priority, _pool.c.load)
    .where(_OPEN)
    .order_by(_pool.c.priority, _pool.c.load)
    .limit(1)
    .subquery()
)
_START = Prepared(
    select(_volunteers.c.volunteer_id, _FIRST.c.priority, _FIRST.c.load)
    .outerjoin(_FIRST, true())
    .where(_volunteers.c.volunteer_id == bindparam("volunteer"))
)
_NEXT_PRIORITY = Prepared(
    select(func.min(_pool.c.priority).label("priority")).where(
        _OPEN, _pool.c.priority > bindparam("priority")
    )
)
_NEXT_LOAD = Prepared(
    select(func.min(_pool.c.load).label("load")).where(
        _OPEN, _pool.c.priority == bindparam("priority"), _pool.c.load > bindparam("load")
    )
)
_SIDES = (_side(above=True), _side(above=False))
