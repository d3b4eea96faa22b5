"""The hand-out: which images a volunteer gets next, and the leases that say so.

The least rated images come first, in random order among equals. Candidates are
read without a lock from a random place of the index `(state, load, shuffle)`;
then those few rows are locked by primary key, leaving out rows that somebody
else holds, and checked again. So nothing is scanned under a lock and nobody waits.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    case,
    exists,
    func,
    insert,
    select,
    update,
)

from ..labels import KEYS, Answer, Resumed, Task
from ..tables import Assignment, Image, Lease, Pool, Rating, SeriesRow, State
from .database import Database

ROUNDS = 8
SWEPT = 20

Candidate = Row[int, int, str, str, str]
"""image_id, load, folder, filename, title."""


def hand_out(
    database: Database, volunteer_id: int, count: int, *, target: int, lease: timedelta
) -> list[Task]:
    """Lease up to `count` images to a volunteer who neither rated nor holds them.

    Fewer come back where fewer are left below `target` ratings and leases.
    """
    release_expired(database)
    tasks: list[Task] = []
    for _ in range(ROUNDS):
        found = database.read(partial(_candidates, volunteer_id, count - len(tasks), target))
        if not found:
            break
        tasks += database.write(partial(_lease, volunteer_id, found, database.now(), lease))
        if len(tasks) == count:
            break
    return tasks


def resume(database: Database, volunteer_id: int, ids: Sequence[UUID]) -> list[Resumed]:
    """Give a volunteer's own assignments again, in the order asked; others are left out."""
    if not ids:
        return []
    answers = [getattr(Rating, key) for key in KEYS]
    query = (
        select(Assignment, *_PICTURE, Rating.revision, *answers)
        .join(Image, Image.image_id == Assignment.image_id)
        .join(SeriesRow, SeriesRow.series_id == Image.series_id)
        .join(Pool, Pool.image_id == Assignment.image_id)
        .outerjoin(Rating, Rating.assignment_id == Assignment.assignment_id)
        .where(
            Assignment.assignment_id.in_(ids),
            Assignment.volunteer_id == volunteer_id,
            Pool.state != State.BROKEN,
        )
    )
    rows = database.read(lambda connection: connection.execute(query).all())
    found = {row.assignment_id: _resumed(row) for row in rows}
    return [found[each] for each in dict.fromkeys(ids) if each in found]


def release_expired(database: Database) -> int:
    """End a few leases whose time has passed, so that others get the images."""
    now = database.now()
    overdue = (
        select(Assignment.assignment_id, Assignment.image_id)
        .where(Assignment.lease == Lease.LIVE, Assignment.expires_at < now)
        .order_by(Assignment.expires_at)
        .limit(SWEPT)
    )
    found = database.read(lambda connection: connection.execute(overdue).all())
    if not found:
        return 0

    def work(connection: Connection) -> int:
        free = _locked(connection, {row.image_id for row in found})
        live = connection.execute(
            select(Assignment.assignment_id, Assignment.image_id).where(
                Assignment.assignment_id.in_([row.assignment_id for row in found]),
                Assignment.image_id.in_(free),
                Assignment.lease == Lease.LIVE,
            )
        ).all()
        if live:
            connection.execute(
                update(Assignment)
                .where(Assignment.assignment_id.in_([row.assignment_id for row in live]))
                .values(lease=Lease.EXPIRED)
            )
        for row in live:
            connection.execute(
                update(Pool).where(Pool.image_id == row.image_id).values(load=Pool.load - 1)
            )
        return len(live)

    return database.write(work)


_PICTURE = (SeriesRow.folder, Image.filename, SeriesRow.title)


def _candidates(
    volunteer_id: int, wanted: int, target: int, connection: Connection
) -> list[Candidate]:
    """Find the least rated images that are new to this volunteer, level by level."""
    found: list[Candidate] = []
    level: int | None = -1
    while len(found) < wanted:
        level = connection.scalar(
            select(func.min(Pool.load)).where(
                Pool.state == State.OPEN, Pool.load > level, Pool.load < target
            )
        )
        if level is None:
            break
        pivot = random.random()  # noqa: S311 - an order, not a secret
        for part in (Pool.shuffle >= pivot, Pool.shuffle < pivot):
            missing = wanted - len(found)
            if missing:
                query = _part(volunteer_id, level, part).limit(missing)
                found += connection.execute(query).all()
    return found


def _part(
    volunteer_id: int, level: int, part: ColumnElement[bool]
) -> Select[int, int, str, str, str]:
    """Select the images of one level on one side of the pivot, in the index's order."""
    known = exists().where(
        Assignment.volunteer_id == volunteer_id,
        Assignment.image_id == Pool.image_id,
        Assignment.lease != Lease.EXPIRED,
    )
    return (
        select(Pool.image_id, Pool.load, *_PICTURE)
        .join(Image, Image.image_id == Pool.image_id)
        .join(SeriesRow, SeriesRow.series_id == Image.series_id)
        .where(Pool.state == State.OPEN, Pool.load == level, part, ~known)
        .order_by(Pool.shuffle)
    )


def _locked(connection: Connection, images: set[int]) -> dict[int, tuple[str, int]]:
    """Lock rows of the pool by primary key, without those that somebody else holds."""
    rows = connection.execute(
        select(Pool.image_id, Pool.state, Pool.load)
        .where(Pool.image_id.in_(sorted(images)))
        .with_for_update(skip_locked=True)
    )
    return {row.image_id: (row.state, row.load) for row in rows}


def _lease(
    volunteer_id: int,
    found: Sequence[Candidate],
    now: datetime,
    lease: timedelta,
    connection: Connection,
) -> list[Task]:
    """Lease those candidates that are still as they were read."""
    states = _locked(connection, {row.image_id for row in found})
    # Read after the lock: another page of the same volunteer may have got the same image.
    known = set(
        connection.scalars(
            select(Assignment.image_id).where(
                Assignment.volunteer_id == volunteer_id,
                Assignment.image_id.in_(states),
                Assignment.lease != Lease.EXPIRED,
            )
        )
    )
    tasks = [
        Task(uuid4(), row.image_id, row.folder, row.filename, row.title, now + lease)
        for row in found
        if states.get(row.image_id) == (State.OPEN, row.load) and row.image_id not in known
    ]
    if not tasks:
        return []
    places = {task.image_id: random.random() for task in tasks}  # noqa: S311 - an order
    connection.execute(
        update(Pool)
        .where(Pool.image_id.in_(places))
        .values(load=Pool.load + 1, shuffle=case(places, value=Pool.image_id))
    )
    connection.execute(
        insert(Assignment),
        [
            {
                "assignment_id": task.assignment_id,
                "image_id": task.image_id,
                "volunteer_id": volunteer_id,
                "lease": Lease.LIVE,
                "created_at": now,
                "expires_at": task.expires_at,
            }
            for task in tasks
        ],
    )
    return tasks


def _resumed(row: Row[*tuple[Any, ...]]) -> Resumed:
    """Make a record of a row that `resume` read."""
    task = Task(
        row.assignment_id, row.image_id, row.folder, row.filename, row.title, row.expires_at
    )
    if row.revision is None:
        return Resumed(task)
    return Resumed(task, Answer.from_row(row._asdict()), row.revision)
