"""What of the pool is handed out, and what of it first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import partial

from sqlalchemy import Connection, bindparam, select, update

from ..errors import InputError
from ..tables import REASON_LENGTH, Pool, State
from .database import Database

PRIORITIES = range(-100, 101)
"""The smaller, the earlier; 0 unless told."""

_PORTION = 500


def prioritise(database: Database, priorities: Mapping[int, int]) -> int:
    """Set the priority of images; give how many there were.

    Raises
    ------
    InputError
        If a priority is out of range.
    """
    images: dict[int, list[int]] = defaultdict(list)
    for image_id, priority in priorities.items():
        if priority not in PRIORITIES:
            raise InputError(
                f"A priority is from {PRIORITIES[0]} to {PRIORITIES[-1]}, not {priority}: "
                f"correct that of image {image_id}."
            )
        images[int(priority)].append(image_id)
    return sum(
        _update(database, images[priority], {"priority": priority}) for priority in sorted(images)
    )


def retire(database: Database, images: Collection[int], reason: str) -> int:
    """Hand these open images out no more; give how many they were."""
    values = {"state": State.RETIRED, "reason": reason[:REASON_LENGTH]}
    return _update(database, images, values, of=State.OPEN)


def reopen(database: Database, images: Collection[int]) -> int:
    """Hand these retired images out again; give how many they were."""
    return _update(database, images, {"state": State.OPEN, "reason": None}, of=State.RETIRED)


def mark_broken(database: Database, image_id: int, reason: str) -> None:
    """Take an image that cannot be shown out of the pool; its ratings stay."""
    _update(database, [image_id], {"state": State.BROKEN, "reason": reason[:REASON_LENGTH]})


def _update(
    database: Database,
    images: Collection[int],
    values: Mapping[str, object],
    *,
    of: State | None = None,
) -> int:
    """Update the rows of these images that are in a state, a portion in each transaction."""
    ids = sorted(int(image_id) for image_id in images)
    return sum(
        database.write(partial(_update_some, ids[start : start + _PORTION], values, of))
        for start in range(0, len(ids), _PORTION)
    )


def _update_some(
    ids: list[int], values: Mapping[str, object], of: State | None, connection: Connection
) -> int:
    """Update some rows, which are locked by their primary key first, as everywhere."""
    rows = connection.execute(_LOCKED, {"images": ids})
    found = [row.image_id for row in rows if of is None or row.state == of]
    if found:
        connection.execute(update(Pool).where(Pool.image_id.in_(found)).values(values))
    return len(found)


_LOCKED = (
    select(Pool.image_id, Pool.state)
    .where(Pool.image_id.in_(bindparam("images", expanding=True)))
    .with_for_update()
)
