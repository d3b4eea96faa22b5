"""The log of what reviewers did; rows are added, never changed.

The latest act about an image is its version: who decides names the one that he
saw, and hears of another that came in between.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select

from ..errors import InputError
from ..labels import Act
from ..tables import REVIEWER_LENGTH, table
from ..tables import Act as ActRow
from .database import Database

UNDO = "undo"
"""The kind of an act that takes another one back."""

_acts = table(ActRow)


def add(connection: Connection, database: Database, **values: Any) -> Act:
    """Add an act, in the transaction that it tells of."""
    row = {"image_id": None, "volunteer_id": None, "undoes": None, **values}
    row["created_at"] = database.now()
    stored = row | {name: json.dumps(row[name]) for name in ("was", "became")}
    added = connection.execute(insert(_acts).values(**stored))
    key: Any = added.inserted_primary_key
    return Act(act_id=int(key[0]), **row)


def get(connection: Connection, act_id: int) -> Act | None:
    """Give an act, if there is one of this id."""
    row = connection.execute(_ONE, {"act": act_id}).first()
    return None if row is None else _act(row)


def standing(connection: Connection, act: Act) -> Act | None:
    """Give the latest act about what an act is about, apart from those that were taken back."""
    if act.image_id is not None:
        about = of_image(connection, act.image_id)
    else:
        rows = connection.execute(_OF_VOLUNTEER, {"volunteer": act.volunteer_id})
        about = [_act(row) for row in rows]
    undone = {each.undoes for each in about}
    return next((each for each in about if each.kind != UNDO and each.act_id not in undone), None)


def of_image(connection: Connection, image_id: int) -> list[Act]:
    """Give all acts about an image, the latest first."""
    return [_act(row) for row in connection.execute(_OF_IMAGE, {"image": image_id})]


def since(database: Database, act_id: int) -> list[Act]:
    """Give the acts after this one, the earliest first."""
    rows = database.read(lambda c: c.execute(_SINCE, {"act": act_id}).all())
    return [_act(row) for row in rows]


def undoable(database: Database, reviewer: str) -> Act | None:
    """Give a reviewer's latest act that was not taken back."""
    row = database.read(lambda c: c.execute(_UNDOABLE, {"reviewer": reviewer}).first())
    return None if row is None else _act(row)


def checked_name(reviewer: str) -> str:
    """Check a reviewer's name.

    Raises
    ------
    InputError
        If it is empty or too long.
    """
    name = " ".join(reviewer.split())
    if not 1 <= len(name) <= REVIEWER_LENGTH:
        raise InputError(
            f"A reviewer's name has 1 to {REVIEWER_LENGTH} characters, not {len(name)}: give yours."
        )
    return name


def _act(row: Row[*tuple[Any, ...]]) -> Act:
    """Make a record of a row."""
    values = dict(row._mapping)  # noqa: SLF001 - the documented way to a row as a mapping
    return Act(**values | {name: json.loads(values[name]) for name in ("was", "became")})


_ONE = select(_acts).where(_acts.c.act_id == bindparam("act"))
_OF_IMAGE = (
    select(_acts).where(_acts.c.image_id == bindparam("image")).order_by(_acts.c.act_id.desc())
)
_OF_VOLUNTEER = (
    select(_acts)
    .where(_acts.c.volunteer_id == bindparam("volunteer"))
    .order_by(_acts.c.act_id.desc())
)
_SINCE = select(_acts).where(_acts.c.act_id > bindparam("act")).order_by(_acts.c.act_id)
_undone = _acts.alias("undone")
_UNDOABLE = (
    select(_acts)
    .outerjoin(_undone, _undone.c.undoes == _acts.c.act_id)
    .where(
        _acts.c.reviewer == bindparam("reviewer"),
        _acts.c.kind != UNDO,
        _undone.c.act_id.is_(None),
    )
    .order_by(_acts.c.act_id.desc())
    .limit(1)
)
