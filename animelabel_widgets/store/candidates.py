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

from sqlalchemy import Connection, Double, Integer, Select, and_, bindparam, func, select

from ..errors import VolunteerError
from ..tables import Assignment, Image, Lease, Pool, SeriesRow, State, Volunteer, table

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
    start = connection.execute(_START, {"volunteer": volunteer_id}).one()
    if start.volunteer_id is None:
        raise VolunteerError("This visitor is not known to this database: say hello again.")
    found: dict[int, Level] = {}
    for reach in (NEAR, EVERYTHING):
        for level in _levels(start.priority, target, connection):
            new = _unknown(volunteer_id, level, wanted - len(found), reach, connection)
            found |= dict.fromkeys(new, level)
            if len(found) == wanted:
                break
        if found:
            break
    return with_pictures(found, connection)


def with_pictures(found: dict[int, Level], connection: Connection) -> list[Candidate]:
    """Say where the pictures of images are."""
    if not found:
        return []
    pictures = {row.image_id: row for row in connection.execute(_PICTURES, {"images": list(found)})}
    # An image that was deleted just now has no picture any more.
    return [
        Candidate(image_id, level, row.folder, row.filename, row.title)
        for image_id, level in found.items()
        if (row := pictures.get(image_id)) is not None
    ]


def _levels(priority: int | None, target: int, connection: Connection) -> Iterator[Level]:
    """Go through the levels that have open images, each found by a dive into the index."""
    while priority is not None:
        load: int | None = -1
        while True:
            values = {"priority": priority, "load": load, "target": target}
            load = connection.scalar(_NEXT_LOAD, values)
            if load is None:
                break
            yield priority, load
        priority = connection.scalar(_NEXT_PRIORITY, {"priority": priority})


def _unknown(
    volunteer_id: int, level: Level, wanted: int, reach: int, connection: Connection
) -> list[int]:
    """Find images of one level on both sides of a random place."""
    values = {
        "volunteer": volunteer_id,
        "priority": level[0],
        "load": level[1],
        "pivot": random.random(),  # noqa: S311 - an order, not a secret
        "looked_at": reach,
    }
    found: list[int] = []
    for side in _SIDES:
        missing = wanted - len(found)
        if missing:
            found += connection.scalars(side, values | {"wanted": missing})
    return found


# Statements are made once, and of tables rather than of models, which cost more each time: this
# is what a volunteer's click waits for.
_pool, _assignments, _volunteers = table(Pool), table(Assignment), table(Volunteer)
_images, _series = table(Image), table(SeriesRow)


def _side(*, above: bool) -> Select[int]:
    """Select the unknown ones of a level among so many images on one side of the pivot."""
    pivot = bindparam("pivot", type_=Double)
    near = (
        select(_pool.c.image_id)
        .where(
            _pool.c.state == State.OPEN,
            _pool.c.priority == bindparam("priority"),
            _pool.c.load == bindparam("load"),
            _pool.c.shuffle >= pivot if above else _pool.c.shuffle < pivot,
        )
        .order_by(_pool.c.shuffle)
        .limit(bindparam("looked_at", type_=Integer))
        .subquery()
    )
    # An outer join, because MariaDB turns NOT EXISTS into a slower plan.
    known = and_(
        _assignments.c.volunteer_id == bindparam("volunteer"),
        _assignments.c.image_id == near.c.image_id,
        _assignments.c.lease != Lease.EXPIRED,
    )
    return (
        select(near.c.image_id)
        .outerjoin(_assignments, known)
        .where(_assignments.c.image_id.is_(None))
        .limit(bindparam("wanted", type_=Integer))
    )


_VOLUNTEER = select(_volunteers.c.volunteer_id).where(
    _volunteers.c.volunteer_id == bindparam("volunteer")
)
_FIRST_PRIORITY = select(func.min(_pool.c.priority)).where(_pool.c.state == State.OPEN)
_START = select(
    _VOLUNTEER.scalar_subquery().label("volunteer_id"),
    _FIRST_PRIORITY.scalar_subquery().label("priority"),
)
_NEXT_PRIORITY = _FIRST_PRIORITY.where(_pool.c.priority > bindparam("priority"))
_NEXT_LOAD = select(func.min(_pool.c.load)).where(
    _pool.c.state == State.OPEN,
    _pool.c.priority == bindparam("priority"),
    _pool.c.load > bindparam("load"),
    _pool.c.load < bindparam("target"),
)
_SIDES = (_side(above=True), _side(above=False))
# Outer joins: MariaDB would begin with the series, and read all their images for a few.
_PICTURES = (
    select(_images.c.image_id, _series.c.folder, _images.c.filename, _series.c.title)
    .outerjoin(_series, _series.c.series_id == _images.c.series_id)
    .where(_images.c.image_id.in_(bindparam("images", expanding=True)))
)
