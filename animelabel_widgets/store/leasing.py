"""Leases: the right of one volunteer to rate an image, as they are given.

The rows of a few images are locked by primary key, leaving out those that somebody
else holds, and checked again: what was read of them was read without a lock.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    and_,
    bindparam,
    case,
    insert,
    select,
    update,
)

from ..labels import Task
from ..tables import Assignment, Lease, Pool, State, table
from .candidates import Candidate, Level
from .prepared import Prepared

_pool, _assignments = table(Pool), table(Assignment)

_MOMENT = timedelta(milliseconds=1)


def locked(connection: Connection, images: Collection[int]) -> dict[int, tuple[str, Level]]:
    """Lock rows of the pool by primary key, without those that somebody else holds."""
    rows = _lock(len(images))(connection, _numbered("image", sorted(images)))
    return {row.image_id: (row.state, (row.priority, row.load)) for row in rows}


def give(
    volunteer_id: int,
    found: Sequence[Candidate],
    now: datetime,
    lease: timedelta,
    patient: bool,  # noqa: FBT001 - bound by `partial`, next to the name
    connection: Connection,
) -> list[Task]:
    """Lease those candidates that are still as they were read.

    Where somebody holds one just now, a `patient` caller gets none of a higher
    level, and asks again: else the coverage would drift apart.
    """
    states = locked(connection, {each.image_id for each in found})
    held = [each.level for each in found if each.image_id not in states]
    if patient and held:
        found = [each for each in found if each.level <= min(held)]
    # Read after the lock: another page of the same volunteer may have got the same image.
    values = {"volunteer": volunteer_id, **_numbered("image", states)}
    rows = _former(len(states))(connection, values) if states else []
    former = [row for row in rows if row.lease is not None]
    known = {row.image_id for row in former if row.lease != Lease.EXPIRED}
    tasks = [
        Task(uuid4(), each.image_id, each.folder, each.filename, each.title, now + lease)
        for each in found
        if states.get(each.image_id) == (State.OPEN, each.level) and each.image_id not in known
    ]
    if not tasks:
        return []
    images = [task.image_id for task in tasks]
    places = [random.random() for _ in tasks]  # noqa: S311 - an order
    _loaded(len(tasks))(connection, _numbered("image", images) | _numbered("place", places))
    # The newer of two assignments is told by its time, also where the clock was set back.
    since = dict.fromkeys(images, now)
    for row in former:
        if row.image_id in since:
            since[row.image_id] = max(since[row.image_id], row.created_at + _MOMENT)
    leases = {
        "volunteer": volunteer_id,
        "until": now + lease,
        **_numbered("image", images),
        **_numbered("assignment", [task.assignment_id for task in tasks]),
        **_numbered("since", since.values()),
    }
    _leased(len(tasks))(connection, leases)
    return tasks


def _numbered(name: str, values: Iterable[Any]) -> dict[str, Any]:
    """Name the values for a statement of so many."""
    return {f"{name}_{number}": value for number, value in enumerate(values)}


def _names(name: str, count: int, column: Column[Any]) -> list[BindParameter[Any]]:
    """Name places for so many values of a column."""
    return [bindparam(f"{name}_{number}", type_=column.type) for number in range(count)]


@cache
def _lock(count: int) -> Prepared:
    """Make the statement that locks so many images, without those that somebody else holds."""
    return Prepared(
        select(_pool.c.image_id, _pool.c.state, _pool.c.priority, _pool.c.load)
        .where(_pool.c.image_id.in_(_names("image", count, _pool.c.image_id)))
        .with_for_update(skip_locked=True)
    )


@cache
def _former(count: int) -> Prepared:
    """Make the statement that finds what a volunteer knows of so many images."""
    # From the images, and an outer join: MariaDB would read all that a volunteer ever rated.
    return Prepared(
        select(_pool.c.image_id, _assignments.c.lease, _assignments.c.created_at)
        .outerjoin(
            _assignments,
            and_(
                _assignments.c.volunteer_id == bindparam("volunteer"),
                _assignments.c.image_id == _pool.c.image_id,
            ),
        )
        .where(_pool.c.image_id.in_(_names("image", count, _pool.c.image_id)))
    )


@cache
def _loaded(count: int) -> Prepared:
    """Make the statement that counts a lease of each of so many images, and shuffles them."""
    images = _names("image", count, _pool.c.image_id)
    places = _names("place", count, _pool.c.shuffle)
    shuffled = [
        (_pool.c.image_id == image, place) for image, place in zip(images, places, strict=True)
    ]
    return Prepared(
        update(_pool)
        .where(_pool.c.image_id.in_(images))
        .values(load=_pool.c.load + 1, shuffle=case(*shuffled))
    )


@cache
def _leased(count: int) -> Prepared:
    """Make the statement that stores so many leases of a volunteer."""
    columns = _assignments.c
    volunteer = bindparam("volunteer", type_=columns.volunteer_id.type)
    until = bindparam("until", type_=columns.expires_at.type)
    each = zip(
        _names("assignment", count, columns.assignment_id),
        _names("image", count, columns.image_id),
        _names("since", count, columns.created_at),
        strict=True,
    )
    return Prepared(
        insert(_assignments).values(
            [
                {
                    "assignment_id": assignment,
                    "image_id": image,
                    "volunteer_id": volunteer,
                    "lease": Lease.LIVE,
                    "created_at": since,
                    "expires_at": until,
                }
                for assignment, image, since in each
            ]
        )
    )
