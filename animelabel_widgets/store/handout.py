"""The hand-out: leases on the least rated images, and their end.

Candidates are read without a lock (`candidates`); then those few are locked,
checked again and leased (`leasing`). So nothing is scanned under a lock and
nobody waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, or_, select, update

from ..labels import KEYS, Answer, Resumed, Task
from ..tables import Assignment, Image, Lease, Pool, Rating, SeriesRow, State, table
from . import gold, leasing
from .candidates import Candidate, candidates
from .database import Database
from .prepared import Prepared

ROUNDS = 7
SWEPT = 20
TOO_FAR = timedelta(days=2)
"""No lease is that long: one that ends later was given before the clock was set back."""

_pool, _assignments, _ratings = table(Pool), table(Assignment), table(Rating)
_images, _series = table(Image), table(SeriesRow)

Leases = Sequence[Any]
"""Rows with an assignment and its image."""


def hand_out(
    database: Database, volunteer_id: int, count: int, *, target: int, lease: timedelta
) -> list[Task]:
    """Lease up to `count` images to a volunteer who neither rated nor holds them.

    Fewer come back where fewer are left below `target` ratings and leases.

    Raises
    ------
    VolunteerError
        If there is no such volunteer.
    """
    tasks: list[Task] = []
    if count < 1:
        return tasks
    for attempt in range(1, ROUNDS + 1):
        look = partial(_look, volunteer_id, count - len(tasks), target, database.now())
        overdue, found = database.read(look)
        if overdue and attempt == 1:
            _release(database, overdue)
            continue
        if not found:
            break
        patient = attempt < ROUNDS
        leased = database.write(
            partial(leasing.give, volunteer_id, found, database.now(), lease, patient)
        )
        tasks += leased
        if len(tasks) == count:
            break
        if not leased:
            database.pause(attempt)
    return tasks


def resume(database: Database, volunteer_id: int, ids: Sequence[UUID]) -> list[Resumed]:
    """Give a volunteer's own assignments again, in the order asked; others are left out."""
    if not ids:
        return []
    values = {"assignments": list(ids), "volunteer": volunteer_id}

    def work(connection: Connection) -> dict[UUID, Resumed]:
        rows = connection.execute(_RESUMED, values).all()
        found = {row.assignment_id: _resumed(row) for row in rows}
        known = [row.assignment_id for row in rows if row.lease == Lease.GOLD]
        for assignment, (revision, said) in gold.latest(connection, known).items():
            found[assignment] = Resumed(found[assignment].task, said, revision)
        return found

    found = database.read(work)
    return [found[each] for each in dict.fromkeys(ids) if each in found]


def release(database: Database, volunteer_id: int, ids: Sequence[UUID]) -> int:
    """End a volunteer's own live leases, so that others get the images; give how many."""
    if not ids:
        return 0
    values = {"assignments": list(ids), "volunteer": volunteer_id}
    rows = database.read(lambda connection: connection.execute(_OWN, values).all())
    return _release(database, rows)


def release_expired(database: Database) -> int:
    """End a few leases whose time has passed, so that others get the images; give how many."""
    return _release(database, database.read(partial(_overdue, database.now())))


def _look(
    volunteer_id: int, wanted: int, target: int, now: datetime, connection: Connection
) -> tuple[Leases, list[Candidate]]:
    """Read, in one transaction, the leases to end and the candidates."""
    return _overdue(now, connection), candidates(volunteer_id, wanted, target, connection)


def _overdue(now: datetime, connection: Connection) -> Leases:
    """Find a few live leases whose time has passed."""
    return _OVERDUE(connection, {"now": now, "too_far": now + TOO_FAR})


def _release(database: Database, leases: Leases) -> int:
    """End those of these leases that are still live; give how many."""
    if not leases:
        return 0

    def work(connection: Connection) -> int:
        images = {row.image_id for row in leases}
        free = leasing.locked(connection, images)
        there = set(connection.scalars(_THERE, {"images": sorted(images)}))
        # By their primary key alone: SQLite would look through all live leases.
        rows = connection.execute(_LEASES, {"assignments": [row.assignment_id for row in leases]})
        live = [
            row
            for row in rows
            if row.lease == Lease.LIVE and (row.image_id in free or row.image_id not in there)
        ]
        if live:
            connection.execute(
                update(_assignments)
                .where(_assignments.c.assignment_id.in_([row.assignment_id for row in live]))
                .values(lease=Lease.EXPIRED)
            )
        for row in live:
            connection.execute(_UNLOADED, {"image": row.image_id})
        return len(live)

    return database.write(work)


def _resumed(row: Row[*tuple[Any, ...]]) -> Resumed:
    """Make a record of a row that `resume` read."""
    task = Task(
        row.assignment_id, row.image_id, row.folder, row.filename, row.title, row.expires_at
    )
    if row.revision is None:
        return Resumed(task)
    return Resumed(task, Answer.from_row(row._asdict()), row.revision)


_OVERDUE = Prepared(
    select(_assignments.c.assignment_id, _assignments.c.image_id)
    .where(
        _assignments.c.lease == Lease.LIVE,
        or_(
            _assignments.c.expires_at < bindparam("now"),
            _assignments.c.expires_at > bindparam("too_far"),
        ),
    )
    .limit(SWEPT)
)
_THERE = select(_pool.c.image_id).where(_pool.c.image_id.in_(bindparam("images", expanding=True)))
_LEASES = select(_assignments.c.assignment_id, _assignments.c.image_id, _assignments.c.lease).where(
    _assignments.c.assignment_id.in_(bindparam("assignments", expanding=True))
)
_UNLOADED = (
    update(_pool).where(_pool.c.image_id == bindparam("image")).values(load=_pool.c.load - 1)
)
_OWN = select(_assignments.c.assignment_id, _assignments.c.image_id).where(
    _assignments.c.assignment_id.in_(bindparam("assignments", expanding=True)),
    _assignments.c.volunteer_id == bindparam("volunteer"),
)
# Outer joins: MariaDB would begin with the series, and read all their images for a few.
_RESUMED = (
    select(
        _assignments,
        _series.c.folder,
        _images.c.filename,
        _series.c.title,
        _ratings.c.revision,
        *[_ratings.c[key] for key in KEYS],
    )
    .outerjoin(_images, _images.c.image_id == _assignments.c.image_id)
    .outerjoin(_series, _series.c.series_id == _images.c.series_id)
    .join(_pool, _pool.c.image_id == _assignments.c.image_id)
    .outerjoin(_ratings, _ratings.c.assignment_id == _assignments.c.assignment_id)
    .where(
        _assignments.c.assignment_id.in_(bindparam("assignments", expanding=True)),
        _assignments.c.volunteer_id == bindparam("volunteer"),
        _pool.c.state != State.BROKEN,
    )
)
