"""The hand-out: leases on the least rated images, and their end.

Candidates are read without a lock; then those few rows are locked by primary
key, leaving out rows that somebody else holds, and checked again. So nothing is
scanned under a lock and nobody waits.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, bindparam, case, insert, or_, select, update

from ..labels import KEYS, Answer, Resumed, Task
from ..tables import Assignment, Image, Lease, Pool, Rating, SeriesRow, State
from . import gold
from .candidates import Candidate, Level, candidates
from .database import Database

ROUNDS = 6
SWEPT = 20
TOO_FAR = timedelta(days=2)
"""No lease is that long: one that ends later was given before the clock was set back."""

_MOMENT = timedelta(milliseconds=1)


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
    release_expired(database)
    tasks: list[Task] = []
    for attempt in range(1, ROUNDS + 1):
        found = database.read(partial(candidates, volunteer_id, count - len(tasks), target))
        if not found:
            break
        patient = attempt < ROUNDS
        leased = database.write(
            partial(_lease, volunteer_id, found, database.now(), lease, patient)
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


def release_expired(database: Database) -> int:
    """End a few leases whose time has passed, so that others get the images; give how many."""
    now = database.now()
    values = {"now": now, "too_far": now + TOO_FAR}
    found = database.read(lambda connection: connection.execute(_OVERDUE, values).all())
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


def _locked(connection: Connection, images: Iterable[int]) -> dict[int, tuple[str, Level]]:
    """Lock rows of the pool by primary key, without those that somebody else holds."""
    rows = connection.execute(_LOCKED, {"images": sorted(images)})
    return {row.image_id: (row.state, (row.priority, row.load)) for row in rows}


def _lease(
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
    states = _locked(connection, {each.image_id for each in found})
    held = [each.level for each in found if each.image_id not in states]
    if patient and held:
        found = [each for each in found if each.level <= min(held)]
    # Read after the lock: another page of the same volunteer may have got the same image.
    values = {"volunteer": volunteer_id, "images": list(states)}
    former = connection.execute(_FORMER, values).all() if states else []
    known = {row.image_id for row in former if row.lease != Lease.EXPIRED}
    tasks = [
        Task(uuid4(), each.image_id, each.folder, each.filename, each.title, now + lease)
        for each in found
        if states.get(each.image_id) == (State.OPEN, each.level) and each.image_id not in known
    ]
    if not tasks:
        return []
    places = {task.image_id: random.random() for task in tasks}  # noqa: S311 - an order
    connection.execute(
        update(Pool)
        .where(Pool.image_id.in_(places))
        .values(load=Pool.load + 1, shuffle=case(places, value=Pool.image_id))
    )
    # The newer of two assignments is told by its time, also where the clock was set back.
    since = dict.fromkeys(places, now)
    for row in former:
        if row.image_id in since:
            since[row.image_id] = max(since[row.image_id], row.created_at + _MOMENT)
    connection.execute(
        insert(Assignment),
        [
            {
                "assignment_id": task.assignment_id,
                "image_id": task.image_id,
                "volunteer_id": volunteer_id,
                "lease": Lease.LIVE,
                "created_at": since[task.image_id],
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


# Made once: a volunteer's click shall not wait for SQL to be composed.
_OVERDUE = (
    select(Assignment.assignment_id, Assignment.image_id)
    .where(
        Assignment.lease == Lease.LIVE,
        or_(Assignment.expires_at < bindparam("now"), Assignment.expires_at > bindparam("too_far")),
    )
    .limit(SWEPT)
)
_LOCKED = (
    select(Pool.image_id, Pool.state, Pool.priority, Pool.load)
    .where(Pool.image_id.in_(bindparam("images", expanding=True)))
    .with_for_update(skip_locked=True)
)
_FORMER = select(Assignment.image_id, Assignment.lease, Assignment.created_at).where(
    Assignment.volunteer_id == bindparam("volunteer"),
    Assignment.image_id.in_(bindparam("images", expanding=True)),
)
_RESUMED = (
    select(
        Assignment,
        SeriesRow.folder,
        Image.filename,
        SeriesRow.title,
        Rating.revision,
        *[getattr(Rating, key) for key in KEYS],
    )
    .join(Image, Image.image_id == Assignment.image_id)
    .join(SeriesRow, SeriesRow.series_id == Image.series_id)
    .join(Pool, Pool.image_id == Assignment.image_id)
    .outerjoin(Rating, Rating.assignment_id == Assignment.assignment_id)
    .where(
        Assignment.assignment_id.in_(bindparam("assignments", expanding=True)),
        Assignment.volunteer_id == bindparam("volunteer"),
        Pool.state != State.BROKEN,
    )
)
