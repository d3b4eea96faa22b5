"""What of the pool is handed out, and what of it first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import partial

from sqlalchemy import Connection, Update, update

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
        images[priority].append(image_id)
    return sum(
        _update(database, images[priority], update(Pool).values(priority=priority))
        for priority in sorted(images)
    )


def retire(database: Database, images: Collection[int], reason: str) -> int:
    """Hand these open images out no more; give how many they were."""
    retired = update(Pool).where(Pool.state == State.OPEN)
    values = {"state": State.RETIRED, "reason": reason[:REASON_LENGTH]}
    return _update(database, images, retired.values(values))


def reopen(database: Database, images: Collection[int]) -> int:
    """Hand these retired images out again; give how many they were."""
    reopened = update(Pool).where(Pool.state == State.RETIRED)
    return _update(database, images, reopened.values(state=State.OPEN, reason=None))


def mark_broken(database: Database, image_id: int, reason: str) -> None:
    """Take an image that cannot be shown out of the pool; its ratings stay."""
    values = {"state": State.BROKEN, "reason": reason[:REASON_LENGTH]}
    _update(database, [image_id], update(Pool).values(values))


def _update(database: Database, images: Collection[int], statement: Update) -> int:
    """Update the rows of these images, a portion in each transaction."""
    ids = sorted(images)
    return sum(
        database.write(partial(_changed, statement.where(Pool.image_id.in_(portion))))
        for portion in (ids[start : start + _PORTION] for start in range(0, len(ids), _PORTION))
    )


def _changed(statement: Update, connection: Connection) -> int:
    """Execute an update; give how many rows it met."""
    return connection.execute(statement).rowcount
