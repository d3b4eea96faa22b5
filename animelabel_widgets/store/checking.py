"""The counters of the pool, counted again from the history, and mended where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    cast,
    func,
    or_,
    select,
    update,
)

from ..labels import KEYS
from ..tables import Assignment, Lease, Pool, RatingEvent, Volunteer
from .database import Database

PORTION = 50_000
"""Images compared in one reading: a longer one keeps the database from clearing old versions."""

_COUNTERS = ("load", "votes", *(f"n_{key}" for key in KEYS))


@dataclass(frozen=True, slots=True)
class Difference:
    """A counter of an image that is not what the history says."""

    image_id: int
    counter: str
    stored: int
    expected: int


def differences(database: Database, *, progress: bool = False) -> list[Difference]:
    """Compare every counter with the history, each portion of the images in one reading."""
    # Imported here: the volunteers' processes never check.
    from tqdm import tqdm

    first, last = database.read(lambda connection: connection.execute(_ENDS).one())
    found: list[Difference] = []
    if first is None:
        return found
    with tqdm(total=last - first + 1, unit=" images", delay=2, disable=not progress) as bar:
        start: int | None = first
        while start is not None:
            found += database.read(partial(_portion, start))
            following = database.read(partial(_next, start + PORTION))
            bar.update((last + 1 if following is None else following) - start)
            start = following
    return found


def repair(database: Database, images: set[int]) -> None:
    """Set the counters of these images to what the history says, one image at a time."""
    for image_id in sorted(images):
        database.write(partial(recount, image_id))


def _next(start: int, connection: Connection) -> int | None:
    """Give the first image from this id on."""
    return connection.scalar(_FROM, {"start": start})


def _portion(start: int, connection: Connection) -> list[Difference]:
    """Compare the counters of some images."""
    rows = connection.execute(_COMPARED, {"first": start, "last": start + PORTION - 1})
    return [
        Difference(row["image_id"], name, row[name], int(row[f"expected_{name}"]))
        for row in rows.mappings()
        for name in _COUNTERS
        if row[name] != row[f"expected_{name}"]
    ]


def recount(image_id: int, connection: Connection) -> None:
    """Count one image again, in a transaction, while nobody else can change it."""
    mine = Pool.image_id == image_id
    connection.execute(select(Pool.image_id).where(mine).with_for_update())
    row = connection.execute(_COMPARED, {"first": image_id, "last": image_id}).mappings().first()
    if row is not None:
        values = {name: int(row[f"expected_{name}"]) for name in _COUNTERS}
        connection.execute(update(Pool).where(mine).values(**values))


def _compared() -> Select[*tuple[int, ...]]:
    """Select the counters that differ, as stored and as expected, of a range of images.

    Of an assignment, the highest revision counts; of a volunteer's assignments
    of one image, the newest that was rated; of who is blocked, nothing.
    """
    first: BindParameter[int] = bindparam("first")
    last: BindParameter[int] = bindparam("last")
    features = [getattr(RatingEvent, key) for key in KEYS]
    newest = func.row_number().over(
        partition_by=RatingEvent.assignment_id, order_by=RatingEvent.revision.desc()
    )
    said = (
        select(
            Assignment.image_id,
            Assignment.volunteer_id,
            Assignment.created_at,
            *features,
            newest.label("place"),
        )
        .join(RatingEvent, RatingEvent.assignment_id == Assignment.assignment_id)
        .join(Volunteer, Volunteer.volunteer_id == Assignment.volunteer_id)
        .where(Assignment.image_id.between(first, last), Volunteer.blocked_at.is_(None))
        .subquery()
    )
    latest = func.row_number().over(
        partition_by=(said.c.volunteer_id, said.c.image_id), order_by=said.c.created_at.desc()
    )
    standing = (
        select(said.c.image_id, *(said.c[key] for key in KEYS), latest.label("place"))
        .where(said.c.place == 1)
        .subquery()
    )
    counted = (
        select(
            standing.c.image_id,
            func.count().label("votes"),
            *(func.sum(cast(standing.c[key], Integer)).label(f"n_{key}") for key in KEYS),
        )
        .where(standing.c.place == 1)
        .group_by(standing.c.image_id)
        .subquery()
    )
    leased = (
        select(Assignment.image_id, func.count().label("live"))
        .where(Assignment.lease == Lease.LIVE, Assignment.image_id.between(first, last))
        .group_by(Assignment.image_id)
        .subquery()
    )
    expected: dict[str, ColumnElement[int]] = {
        name: func.coalesce(counted.c[name], 0) for name in _COUNTERS[1:]
    }
    expected["load"] = expected["votes"] + func.coalesce(leased.c.live, 0)
    stored = {name: getattr(Pool, name) for name in _COUNTERS}
    return (
        select(
            Pool.image_id,
            *stored.values(),
            *(expected[name].label(f"expected_{name}") for name in _COUNTERS),
        )
        .outerjoin(counted, counted.c.image_id == Pool.image_id)
        .outerjoin(leased, leased.c.image_id == Pool.image_id)
        .where(
            or_(*(stored[name] != expected[name] for name in _COUNTERS)),
            Pool.image_id.between(first, last),
        )
        .order_by(Pool.image_id)
    )


_FROM = select(func.min(Pool.image_id)).where(Pool.image_id >= bindparam("start"))
_ENDS = select(func.min(Pool.image_id), func.max(Pool.image_id))
_COMPARED = _compared()
