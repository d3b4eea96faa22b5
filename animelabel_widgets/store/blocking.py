"""Blocked volunteers: their ratings stay in the history, and leave the counters and aggregates.

The volunteer's row is locked here, and by whoever stores a rating: so each
rating is counted exactly as long as its volunteer is not blocked.
"""

from __future__ import annotations

from sqlalchemy import Connection, Integer, bindparam, cast, func, select, update

from ..errors import InputError
from ..labels import KEYS, Act
from ..tables import Pool, Rating, Volunteer, table
from . import acts
from .database import Database

_pool, _ratings, _volunteers = table(Pool), table(Rating), table(Volunteer)

BLOCKED = select(_volunteers.c.volunteer_id).where(_volunteers.c.blocked_at.is_not(None))
"""The volunteers whose ratings count nowhere."""


def block(database: Database, volunteer_id: int, reviewer: str) -> Act:
    """Let a volunteer's ratings count no more."""
    return _switch(database, volunteer_id, reviewer, blocked=True)


def unblock(database: Database, volunteer_id: int, reviewer: str) -> Act:
    """Let a volunteer's ratings count again, those of meanwhile too."""
    return _switch(database, volunteer_id, reviewer, blocked=False)


def counted(database: Database) -> dict[int, int]:
    """Give the blocked volunteers, with how many images each has rated."""
    rows = database.read(lambda connection: connection.execute(_BLOCKED_COUNTS).all())
    return {row[0]: row[1] for row in rows}


def locked(connection: Connection, volunteer_id: int | None) -> bool:
    """Lock a volunteer's row; tell whether they are blocked.

    Raises
    ------
    InputError
        If there is no such volunteer.
    """
    row = connection.execute(_LOCKED, {"volunteer": volunteer_id}).first()
    if row is None:
        raise InputError(f"There is no volunteer {volunteer_id} in this project.")
    return row.blocked_at is not None


def change(
    connection: Connection, database: Database, volunteer_id: int | None, *, blocked: bool
) -> None:
    """Block a volunteer whose row is locked, or end that; bring the counters along."""
    mine = {"volunteer": volunteer_id}
    # In the order in which everybody locks several rows.
    connection.execute(_POOL_LOCKED, mine).all()
    connection.execute(_UNCOUNTED if blocked else _COUNTED, mine)
    since = database.now() if blocked else None
    connection.execute(_BLOCKED, mine | {"since": since})


def _switch(database: Database, volunteer_id: int, reviewer: str, *, blocked: bool) -> Act:
    """Block or unblock a volunteer, and log it; what is so already is refused."""

    def work(connection: Connection) -> Act:
        if locked(connection, volunteer_id) == blocked:
            what = "blocked already" if blocked else "not blocked"
            raise InputError(f"Volunteer {volunteer_id} is {what}.")
        change(connection, database, volunteer_id, blocked=blocked)
        return acts.add(
            connection,
            database,
            kind="block" if blocked else "unblock",
            volunteer_id=volunteer_id,
            reviewer=acts.checked_name(reviewer),
            was={"blocked": not blocked},
            became={"blocked": blocked},
        )

    return database.write(work)


_MINE = select(_ratings.c.image_id).where(_ratings.c.volunteer_id == bindparam("volunteer"))
_LOCKED = (
    select(_volunteers.c.blocked_at)
    .where(_volunteers.c.volunteer_id == bindparam("volunteer"))
    .with_for_update()
)
_POOL_LOCKED = (
    select(_pool.c.image_id)
    .where(_pool.c.image_id.in_(_MINE))
    .order_by(_pool.c.image_id)
    .with_for_update()
)
_SAID = {
    f"n_{key}": select(func.coalesce(func.max(cast(_ratings.c[key], Integer)), 0))
    .where(
        _ratings.c.volunteer_id == bindparam("volunteer"),
        _ratings.c.image_id == _pool.c.image_id,
    )
    .scalar_subquery()
    for key in KEYS
}
_ONE_EACH = {"votes": 1, "load": 1} | _SAID
_UNCOUNTED = (
    update(_pool)
    .where(_pool.c.image_id.in_(_MINE))
    .values({name: _pool.c[name] - step for name, step in _ONE_EACH.items()})
)
_COUNTED = (
    update(_pool)
    .where(_pool.c.image_id.in_(_MINE))
    .values({name: _pool.c[name] + step for name, step in _ONE_EACH.items()})
)
_BLOCKED_COUNTS = (
    select(_volunteers.c.volunteer_id, func.count(_ratings.c.rating_id))
    .outerjoin(_ratings, _ratings.c.volunteer_id == _volunteers.c.volunteer_id)
    .where(_volunteers.c.blocked_at.is_not(None))
    .group_by(_volunteers.c.volunteer_id)
)
_BLOCKED = (
    update(_volunteers)
    .where(_volunteers.c.volunteer_id == bindparam("volunteer"))
    .values(blocked_at=bindparam("since"))
)
