"""Ratings: what a volunteer said, in a history that only grows and in counters that agree.

The pool's row is locked first, always: so two ratings of one image never wait
for each other in a circle, and the counters never count one twice.
"""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, insert, select, update

from ..errors import AssignmentError
from ..labels import KEYS, Answer, Receipt
from ..tables import Assignment, Lease, Pool, Rating, RatingEvent, Volunteer, table
from . import gold
from .database import Database
from .prepared import Prepared


def find_volunteer(database: Database, token: str) -> int | None:
    """Give the id of the volunteer with this token, or None; only its hash is stored."""
    mine = select(Volunteer.volunteer_id).where(Volunteer.token_hash == _hash(token))
    return database.read(lambda connection: connection.scalar(mine))


def volunteer(database: Database, token: str) -> int:
    """Give the id of the volunteer with this token, new or not."""
    found = find_volunteer(database, token)
    if found is not None:
        return found

    def work(connection: Connection) -> int:
        connection.execute(
            database.insert_new(Volunteer).values(
                token_hash=_hash(token), created_at=database.now()
            )
        )
        mine = select(Volunteer.volunteer_id).where(Volunteer.token_hash == _hash(token))
        return connection.execute(mine).scalar_one()

    return database.write(work)


def _hash(token: str) -> bytes:
    """Give what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


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
        # Nobody is blocked or unblocked until this rating is committed.
        locked = _LOCKED.first(connection, mine)
        if locked is None:
            known = _KNOWN.first(connection, mine) is not None
            raise AssignmentError(_DELETED if known else _FOREIGN)
        image_id, blocked = locked.image_id, locked.blocked_at is not None
        # Read under the lock: another rating or a sweeper may have come in between.
        rows = _SITUATION(connection, mine)
        if rows[0].lease == Lease.GOLD:
            said_at = database.now()
            return gold.answered(connection, mine, image_id, answer, revision, elapsed_ms, said_at)
        said = {row.revision: _answer(row, "said") for row in rows if row.revision is not None}
        newest = max(said, default=-1)
        if revision <= newest:
            return Receipt(newest, stored=False, conflict=said.get(revision) != answer)
        now = database.now()
        row = rows[0]
        values = {
            **answer.as_row(),
            "assignment_id": assignment_id,
            "revision": revision,
            "elapsed_ms": elapsed_ms,
        }
        _NEW_EVENT(connection, {**values, "created_at": now})
        before = after = None
        if row.rating_id is None:
            after = answer
            ids = {"image_id": image_id, "volunteer_id": volunteer_id}
            times = {"created_at": now, "updated_at": now}
            _NEW_RATING(connection, {**ids, **values, **times})
        elif row.standing_since <= row.handed_at:
            before, after = _answer(row, "stood"), answer
            _CHANGED(connection, {**values, "updated_at": now, "rating": row.rating_id})
        if row.lease != Lease.RATED:
            _RATED(connection, mine)
        if blocked:
            before = after = None
        _count(connection, image_id, before, after, live=row.lease == Lease.LIVE)
        return Receipt(revision, stored=True)

    return database.write(work)


def _answer(row: Any, prefix: str) -> Answer:
    """Give one of the answers of a row."""
    return Answer.from_row({key: getattr(row, f"{prefix}_{key}") for key in KEYS})


def _count(
    connection: Connection,
    image_id: int,
    before: Answer | None,
    after: Answer | None,
    *,
    live: bool,
) -> None:
    """Bring the counters of an image from one standing answer to another."""
    nothing = dict.fromkeys(KEYS, False)
    was = before.as_row() if before else nothing
    now = after.as_row() if after else nothing
    new = after is not None and before is None
    steps: dict[str, int] = {f"n_{key}": now[key] - was[key] for key in KEYS}
    steps |= {"votes": int(new), "load": new - live}
    if any(steps.values()):
        more = {f"more_{name}": step for name, step in steps.items()}
        _COUNTED(connection, {"image": image_id, **more})


_FOREIGN = "This picture was not handed to this page: it gets another one."
_DELETED = "This picture was deleted: the page gets another one."

_pool, _ratings, _events = table(Pool), table(Rating), table(RatingEvent)
_assignments = table(Assignment)
_standing = _assignments.alias("standing")
_IMAGE = select(_assignments.c.image_id).where(
    _assignments.c.assignment_id == bindparam("assignment"),
    _assignments.c.volunteer_id == bindparam("volunteer"),
)
_volunteers = table(Volunteer)
_KNOWN = Prepared(_IMAGE)
_LOCKED = Prepared(
    select(_pool.c.image_id, _volunteers.c.blocked_at)
    .join_from(_pool, _volunteers, _volunteers.c.volunteer_id == bindparam("volunteer"))
    .where(_pool.c.image_id == _IMAGE.scalar_subquery())
    .with_for_update()
)
# A row for each revision of the assignment, or one; with the volunteer's standing answer.
_SITUATION = Prepared(
    select(
        _assignments.c.lease,
        _assignments.c.created_at.label("handed_at"),
        _events.c.revision,
        *[_events.c[key].label(f"said_{key}") for key in KEYS],
        _ratings.c.rating_id,
        *[_ratings.c[key].label(f"stood_{key}") for key in KEYS],
        _standing.c.created_at.label("standing_since"),
    )
    .select_from(_assignments)
    .outerjoin(_events, _events.c.assignment_id == _assignments.c.assignment_id)
    .outerjoin(
        _ratings,
        and_(
            _ratings.c.volunteer_id == _assignments.c.volunteer_id,
            _ratings.c.image_id == _assignments.c.image_id,
        ),
    )
    .outerjoin(_standing, _standing.c.assignment_id == _ratings.c.assignment_id)
    .where(_assignments.c.assignment_id == bindparam("assignment"))
)
_SAID = ("assignment_id", "revision", "elapsed_ms", *KEYS)
_NEW_EVENT = Prepared(
    insert(_events).values({name: bindparam(name) for name in (*_SAID, "created_at")})
)
_RATING = ("image_id", "volunteer_id", *_SAID, "created_at", "updated_at")
_NEW_RATING = Prepared(insert(_ratings).values({name: bindparam(name) for name in _RATING}))
_CHANGED = Prepared(
    update(_ratings)
    .where(_ratings.c.rating_id == bindparam("rating"))
    .values({name: bindparam(name) for name in (*_SAID, "updated_at")})
)
_RATED = Prepared(
    update(_assignments)
    .where(_assignments.c.assignment_id == bindparam("assignment"))
    .values(lease=Lease.RATED)
)
_COUNTED = Prepared(
    update(_pool)
    .where(_pool.c.image_id == bindparam("image"))
    .values(
        {
            name: _pool.c[name] + bindparam(f"more_{name}")
            for name in ("load", "votes", *(f"n_{key}" for key in KEYS))
        }
    )
)
