"""Ratings: what a volunteer said, in a history that only grows and in counters that agree.

The pool's row is locked first, always: so two ratings of one image never wait
for each other in a circle, and the counters never count one twice.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from ..errors import AssignmentError
from ..labels import KEYS, Answer, Receipt
from ..tables import Assignment, Lease, Pool, Rating, RatingEvent, Volunteer
from . import gold
from .database import Database


def volunteer(database: Database, token: str) -> int:
    """Give the id of the volunteer with this token; only its hash is stored."""
    token_hash = hashlib.sha256(token.encode()).digest()
    mine = select(Volunteer.volunteer_id).where(Volunteer.token_hash == token_hash)
    found = database.read(lambda connection: connection.scalar(mine))
    if found is not None:
        return found

    def work(connection: Connection) -> int:
        connection.execute(
            database.insert_new(Volunteer).values(token_hash=token_hash, created_at=database.now())
        )
        return connection.execute(mine).scalar_one()

    return database.write(work)


def rate(
    database: Database,
    volunteer_id: int,
    assignment_id: UUID,
    answer: Answer,
    revision: int,
    elapsed_ms: int,
) -> Receipt:
    """Store an answer; the same one again changes nothing.

    A revision that is not above those stored is taken only if it is the same
    answer as before. Where a volunteer rated an image under two assignments
    (the first expired and came back late), the newer assignment's answer stands.

    Raises
    ------
    AssignmentError
        If the assignment is unknown or another volunteer's, or its image was deleted.
    """
    mine = {"assignment": assignment_id, "volunteer": volunteer_id}

    def work(connection: Connection) -> Receipt:
        assignment = connection.execute(_ASSIGNMENT, mine).one_or_none()
        if assignment is None:
            raise AssignmentError("This picture was not handed to this page: it gets another one.")
        image_id, handed_at, lease = assignment
        if connection.scalar(_LOCKED, {"image": image_id}) is None:
            raise AssignmentError("This picture was deleted: the page gets another one.")
        if lease == Lease.GOLD:
            said_at = database.now()
            return gold.answered(connection, mine, image_id, answer, revision, elapsed_ms, said_at)
        said = _history(connection, assignment_id)
        newest = max(said, default=-1)
        if revision <= newest:
            return Receipt(newest, stored=False, conflict=said.get(revision) != answer)
        now = database.now()
        values = {
            **answer.as_row(),
            "assignment_id": assignment_id,
            "revision": revision,
            "elapsed_ms": elapsed_ms,
        }
        connection.execute(_NEW_EVENT, {**values, "created_at": now})
        before, before_id, before_at = _current(connection, volunteer_id, image_id)
        after = before if before_at is not None and before_at > handed_at else answer
        if before_id is None:
            ids = {"image_id": image_id, "volunteer_id": volunteer_id}
            times = {"created_at": now, "updated_at": now}
            connection.execute(_NEW_RATING, {**ids, **values, **times})
        elif after is answer:
            connection.execute(
                update(Rating).where(Rating.rating_id == before_id).values(updated_at=now, **values)
            )
        _count(connection, image_id, before, after, live=_end_lease(connection, assignment_id))
        return Receipt(revision, stored=True)

    return database.write(work)


def _history(connection: Connection, assignment_id: UUID) -> dict[int, Answer]:
    """Give each revision's answer of an assignment."""
    rows = connection.execute(_HISTORY, {"assignment": assignment_id})
    return {row.revision: Answer.from_row(row._asdict()) for row in rows}


def _current(
    connection: Connection, volunteer_id: int, image_id: int
) -> tuple[Answer | None, int | None, datetime | None]:
    """Give a volunteer's standing answer to an image, its row, and when it was handed out."""
    row = connection.execute(_CURRENT, {"volunteer": volunteer_id, "image": image_id}).one_or_none()
    if row is None:
        return None, None, None
    return Answer.from_row(row._asdict()), row.rating_id, row.created_at


def _end_lease(connection: Connection, assignment_id: UUID) -> bool:
    """Mark an assignment as rated; say whether its lease was live until now."""
    # Read under the pool's lock: a sweeper may have ended the lease in between.
    lease = connection.scalar(_LEASE, {"assignment": assignment_id})
    if lease != Lease.RATED:
        connection.execute(_RATED, {"assignment": assignment_id})
    return lease == Lease.LIVE


def _count(
    connection: Connection,
    image_id: int,
    before: Answer | None,
    after: Answer | None,
    *,
    live: bool,
) -> None:
    """Bring the counters of an image from one answer to another."""
    was = before.as_row() if before else dict.fromkeys(KEYS, False)
    now = after.as_row() if after else was
    new = before is None
    steps: dict[str, int] = {f"n_{key}": now[key] - was[key] for key in KEYS}
    steps |= {"votes": int(new), "load": new - live}
    changed = {name: getattr(Pool, name) + step for name, step in steps.items() if step}
    if changed:
        connection.execute(update(Pool).where(Pool.image_id == image_id).values(**changed))


# Made once: a volunteer's click shall not wait for SQL to be composed.
_ASSIGNMENT = select(Assignment.image_id, Assignment.created_at, Assignment.lease).where(
    Assignment.assignment_id == bindparam("assignment"),
    Assignment.volunteer_id == bindparam("volunteer"),
)
_LOCKED = select(Pool.image_id).where(Pool.image_id == bindparam("image")).with_for_update()
_HISTORY = select(RatingEvent.revision, *[getattr(RatingEvent, key) for key in KEYS]).where(
    RatingEvent.assignment_id == bindparam("assignment")
)
_CURRENT = (
    select(Rating.rating_id, Assignment.created_at, *[getattr(Rating, key) for key in KEYS])
    .join(Assignment, Assignment.assignment_id == Rating.assignment_id)
    .where(Rating.volunteer_id == bindparam("volunteer"), Rating.image_id == bindparam("image"))
)
_NEW_EVENT = insert(RatingEvent)
_NEW_RATING = insert(Rating)
_LEASE = select(Assignment.lease).where(Assignment.assignment_id == bindparam("assignment"))
_RATED = (
    update(Assignment)
    .where(Assignment.assignment_id == bindparam("assignment"))
    .values(lease=Lease.RATED)
)
