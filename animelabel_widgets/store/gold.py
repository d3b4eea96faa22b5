"""Images whose answer is known: handed out unannounced, and never counted.

A known answer is a row of `gold`, or a reviewer's standing decision that teaches;
of both, the newer one. An
assignment of such an image has the lease `GOLD`, which is no load of the image
and never expires; what is said to it goes into `gold_answers`. So the pool's
counters, the history of the ratings and the consensus never meet it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    union_all,
)

from ..labels import KEYS, Answer, Known, Receipt, Task
from ..labels import Gold as GoldEntry
from ..tables import (
    Assignment,
    Gold,
    GoldAnswer,
    Image,
    Lease,
    Pool,
    Rating,
    Review,
    SeriesRow,
    State,
)
from .database import Database

LOOK_AGAIN = 10.0
"""Seconds for which it is taken for granted that there is no known answer."""

_PORTION = 500


class Draws:
    """Draws when an image with a known answer comes, for all volunteers of a process.

    Parameters
    ----------
    chances
        The chance of each, 0 to 1, by the number of the volunteer's ratings from which it holds.
    """

    def __init__(self, database: Database, chances: Mapping[int, float]) -> None:
        self._database = database
        self._chances = dict(chances)
        self._none_until = 0.0

    def due(self, volunteer_id: int, count: int) -> int:
        """Draw how many of the next `count` images are ones with a known answer."""
        if not any(self._chances.values()) or monotonic() < self._none_until:
            return 0
        values = {"volunteer": volunteer_id, "enough": max(self._chances)}

        def work(connection: Connection) -> int | None:
            if connection.scalar(_ANY_KNOWN) is None:
                return None
            return connection.scalar(_RATED_BY, values) or 0

        rated = self._database.read(work)
        if rated is None:
            self._none_until = monotonic() + LOOK_AGAIN
            return 0
        steps = sorted(self._chances, reverse=True)
        chance = next((self._chances[step] for step in steps if step <= rated), 0.0)
        return sum(random.random() < chance for _ in range(count))  # noqa: S311 - no secret

    def look(self) -> None:
        """Look for known answers at the next draw: there are new ones."""
        self._none_until = 0.0


def hand_out(database: Database, volunteer_id: int, count: int, lease: timedelta) -> list[Task]:
    """Hand out up to `count` images with a known answer that the volunteer has not met yet."""
    now = database.now()
    values = {"volunteer": volunteer_id, "wanted": count}

    def work(connection: Connection) -> list[Task]:
        low, high = connection.execute(_RANGE).one()
        if low is None:
            return []
        found: dict[int, Any] = {}
        pivot = random.randint(low, high)  # noqa: S311 - an order, not a secret
        for first, last in ((pivot, high), (low, pivot - 1)):
            if len(found) < count:
                limits = {"first": first, "last": last}
                found |= {row.image_id: row for row in connection.execute(_UNMET, values | limits)}
        tasks = [
            Task(uuid4(), row.image_id, row.folder, row.filename, row.title, now + lease)
            for row in list(found.values())[:count]
        ]
        if tasks:
            connection.execute(
                insert(Assignment),
                [
                    {
                        "assignment_id": task.assignment_id,
                        "image_id": task.image_id,
                        "volunteer_id": volunteer_id,
                        "lease": Lease.GOLD,
                        "created_at": now,
                        "expires_at": task.expires_at,
                    }
                    for task in tasks
                ],
            )
        return tasks

    return database.write(work)


def answered(
    connection: Connection,
    mine: Mapping[str, Any],
    image_id: int,
    answer: Answer,
    revision: int,
    elapsed_ms: int,
    now: datetime,
) -> Receipt:
    """Add an answer to the history; give the right one. The same one again changes nothing."""
    assignment: UUID = mine["assignment"]
    rows = connection.execute(_SAID, {"assignments": [assignment]})
    said = {row.revision: Answer.from_row(row._asdict()) for row in rows}
    known = _known(connection, image_id)
    newest = max(said, default=-1)
    if revision <= newest:
        conflict = said.get(revision) != answer
        return Receipt(newest, stored=False, conflict=conflict, known=known)
    values = {"assignment_id": assignment, "revision": revision, "elapsed_ms": elapsed_ms}
    connection.execute(_NEW_ANSWER, {**values, **answer.as_row(), "created_at": now})
    return Receipt(revision, stored=True, known=known)


def latest(connection: Connection, assignments: Sequence[UUID]) -> dict[UUID, tuple[int, Answer]]:
    """Give the newest revision and its answer, of those assignments that have one."""
    if not assignments:
        return {}
    rows = connection.execute(_SAID, {"assignments": list(assignments)})
    return {row.assignment_id: (row.revision, Answer.from_row(row._asdict())) for row in rows}


def put(database: Database, entries: Sequence[GoldEntry]) -> list[GoldEntry]:
    """Store right answers, in place of former ones; give the entries whose image is not there."""
    portions = [entries[start : start + _PORTION] for start in range(0, len(entries), _PORTION)]
    return [
        entry for portion in portions for entry in database.write(partial(_put, database, portion))
    ]


def _put(
    database: Database, entries: Sequence[GoldEntry], connection: Connection
) -> list[GoldEntry]:
    """Store a portion in one transaction."""
    names = {"folders": [each.folder for each in entries]}
    files = {"filenames": [each.filename for each in entries]}
    ids = {
        (row.folder, row.filename): row.image_id
        for row in connection.execute(_IMAGES, names | files)
    }
    rows = {
        ids[each.folder, each.filename]: {
            "image_id": ids[each.folder, each.filename],
            **each.known.answer.as_row(),
            "explanation": each.known.explanation,
            "created_at": database.now(),
        }
        for each in entries
        if (each.folder, each.filename) in ids
    }
    if rows:
        connection.execute(delete(Gold).where(Gold.image_id.in_(rows)))
        connection.execute(insert(Gold), list(rows.values()))
    return [each for each in entries if (each.folder, each.filename) not in ids]


def _known(connection: Connection, image_id: int) -> Known | None:
    """Give the right answer to an image; None where it was withdrawn meanwhile."""
    found = [connection.execute(query, {"image": image_id}).first() for query in (_REVIEW, _GOLD)]
    rows = [row for row in found if row is not None]
    if not rows:
        return None
    row = max(rows, key=lambda each: each.created_at)
    return Known(Answer.from_row(row._asdict()), row.explanation)


# Made once: a volunteer's click shall not wait for SQL to be composed.
_SETTLED = select(Review.image_id).where(Review.withdrawn_at.is_(None), Review.teaches)
_SETTLED_APART = exists().where(
    Review.image_id == Gold.image_id,
    Review.withdrawn_at.is_(None),
    Review.teaches.is_(False),
    Review.created_at >= Gold.created_at,
)
_ALL_KNOWN = union_all(select(Gold.image_id).where(~_SETTLED_APART), _SETTLED).subquery()
_ANY_KNOWN = select(_ALL_KNOWN.c.image_id).limit(1)
_RANGE = select(func.min(_ALL_KNOWN.c.image_id), func.max(_ALL_KNOWN.c.image_id))
# Counted as far as it matters: a diligent volunteer has ten thousands.
_RATED_BY = select(func.count()).select_from(
    select(Rating.rating_id)
    .where(Rating.volunteer_id == bindparam("volunteer"))
    .limit(bindparam("enough", type_=Integer))
    .subquery()
)
_UNMET = (
    select(Image.image_id, SeriesRow.folder, Image.filename, SeriesRow.title)
    .join(SeriesRow, SeriesRow.series_id == Image.series_id)
    .join(Pool, Pool.image_id == Image.image_id)
    .outerjoin(
        Assignment,
        and_(
            Assignment.volunteer_id == bindparam("volunteer"),
            Assignment.image_id == Image.image_id,
            Assignment.lease != Lease.EXPIRED,
        ),
    )
    .where(
        Image.image_id.in_(select(_ALL_KNOWN.c.image_id)),
        Image.image_id.between(
            bindparam("first", type_=BigInteger), bindparam("last", type_=BigInteger)
        ),
        Pool.state.in_([State.OPEN, State.RETIRED]),
        Assignment.image_id.is_(None),
    )
    .order_by(Image.image_id)
    .limit(bindparam("wanted", type_=Integer))
)
_IMAGES = (
    select(Image.image_id, SeriesRow.folder, Image.filename)
    .join(SeriesRow, SeriesRow.series_id == Image.series_id)
    .where(
        SeriesRow.folder.in_(bindparam("folders", expanding=True)),
        Image.filename.in_(bindparam("filenames", expanding=True)),
    )
)
_SAID = (
    select(
        GoldAnswer.assignment_id,
        GoldAnswer.revision,
        *[getattr(GoldAnswer, key) for key in KEYS],
    )
    .where(GoldAnswer.assignment_id.in_(bindparam("assignments", expanding=True)))
    .order_by(GoldAnswer.revision)
)
_NEW_ANSWER = insert(GoldAnswer)
_GOLD = select(Gold.explanation, Gold.created_at, *[getattr(Gold, key) for key in KEYS]).where(
    Gold.image_id == bindparam("image")
)
_REVIEW = (
    select(Review.explanation, Review.created_at, *[getattr(Review, key) for key in KEYS])
    .where(Review.image_id == bindparam("image"), Review.withdrawn_at.is_(None))
    .order_by(Review.review_id.desc())
    .limit(1)
)
