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
from ..tables import Assignment, Image, Lease, Pool, SeriesRow, State, Volunteer

NEAR, FAR, EVERYTHING = 64, 1000, 2**31
"""Images looked at on each side of the random place: first, then, and if all else fails.

Who knows 1,000 images in a row on both sides gets the next level, although the
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
    if connection.scalar(_VOLUNTEER, {"volunteer": volunteer_id}) is None:
        raise VolunteerError("This visitor is not known to this database: say hello again.")
    found: dict[int, Level] = {}
    for reach in ((NEAR, FAR), (EVERYTHING,)):
        for level in _levels(target, connection):
            missing = wanted - len(found)
            if not missing:
                break
            new = _unknown(volunteer_id, level, missing, reach, connection)
            found |= dict.fromkeys(new, level)
        if found:
            break
    if not found:
        return []
    pictures = {row.image_id: row for row in connection.execute(_PICTURES, {"images": list(found)})}
    return [
        Candidate(image_id, level, row.folder, row.filename, row.title)
        for image_id, level in found.items()
        for row in (pictures[image_id],)
    ]


def _levels(target: int, connection: Connection) -> Iterator[Level]:
    """Go through the levels that have open images, each found by a dive into the index."""
    priority = connection.scalar(_FIRST_PRIORITY)
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
    volunteer_id: int, level: Level, wanted: int, reach: tuple[int, ...], connection: Connection
) -> list[int]:
    """Find images of one level on both sides of a random place, looking further if need be."""
    values = {
        "volunteer": volunteer_id,
        "priority": level[0],
        "load": level[1],
        "pivot": random.random(),  # noqa: S311 - an order, not a secret
    }
    found: list[int] = []
    for looked_at in reach:
        found = []
        for side in _SIDES:
            missing = wanted - len(found)
            if missing:
                limits = {"looked_at": looked_at, "wanted": missing}
                found += connection.scalars(side, values | limits)
        if len(found) == wanted:
            break
    return found


def _side(*, above: bool) -> Select[int]:
    """Select the unknown ones of a level among so many images on one side of the pivot."""
    pivot = bindparam("pivot", type_=Double)
    near = (
        select(Pool.image_id)
        .where(
            Pool.state == State.OPEN,
            Pool.priority == bindparam("priority"),
            Pool.load == bindparam("load"),
            Pool.shuffle >= pivot if above else Pool.shuffle < pivot,
        )
        .order_by(Pool.shuffle)
        .limit(bindparam("looked_at", type_=Integer))
        .subquery()
    )
    # An outer join, because MariaDB turns NOT EXISTS into a slower plan.
    known = and_(
        Assignment.volunteer_id == bindparam("volunteer"),
        Assignment.image_id == near.c.image_id,
        Assignment.lease != Lease.EXPIRED,
    )
    return (
        select(near.c.image_id)
        .outerjoin(Assignment, known)
        .where(Assignment.image_id.is_(None))
        .limit(bindparam("wanted", type_=Integer))
    )


# Made once: a volunteer's click shall not wait for SQL to be composed.
_VOLUNTEER = select(Volunteer.volunteer_id).where(Volunteer.volunteer_id == bindparam("volunteer"))
_FIRST_PRIORITY = select(func.min(Pool.priority)).where(Pool.state == State.OPEN)
_NEXT_PRIORITY = _FIRST_PRIORITY.where(Pool.priority > bindparam("priority"))
_NEXT_LOAD = select(func.min(Pool.load)).where(
    Pool.state == State.OPEN,
    Pool.priority == bindparam("priority"),
    Pool.load > bindparam("load"),
    Pool.load < bindparam("target"),
)
_SIDES = (_side(above=True), _side(above=False))
_PICTURES = (
    select(Image.image_id, SeriesRow.folder, Image.filename, SeriesRow.title)
    .join(SeriesRow, SeriesRow.series_id == Image.series_id)
    .where(Image.image_id.in_(bindparam("images", expanding=True)))
)
