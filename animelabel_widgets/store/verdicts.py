"""The crowd's verdicts as they were last estimated, the known answers, and what has changed since.

Apart from the rest of the store, because the volunteers' processes do without pandas.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, select

from ..labels import KEYS
from ..tables import Consensus, Gold, Pool, RatingEvent, table
from .database import Database

PORTION = 2000
"""Verdicts written in one transaction: others are waiting for their turn."""

CALIBRATED = "+calibrated"
"""Follows the method where the probabilities were calibrated."""

_PROBABILITIES = tuple(f"p_{key}" for key in KEYS)


def put(database: Database, verdicts: pd.DataFrame, version: str) -> int:
    """Store verdicts where they differ from what is there; give how many did."""
    attrs = verdicts.attrs
    method = attrs["method"] + (CALIBRATED if attrs["calibrated"] else "")
    columns = ["votes", *_PROBABILITIES]
    new = verdicts[columns].assign(method=method).rename_axis("image_id")
    former = _stored(database)
    same = new.index.isin(former.index)
    aligned = former.reindex(new.index)
    same &= (new[[*columns, "method"]] == aligned[[*columns, "method"]]).all(axis=1).to_numpy()
    changed = new[~same]
    now = database.now()
    rows = changed.reset_index().to_dict("records")
    for row in rows:
        row |= {key: row[f"p_{key}"] > 0.5 for key in KEYS}  # noqa: PLR2004
        row |= {"version": version, "computed_at": now}
    for start in range(0, len(rows), PORTION):
        database.write(partial(_put, database, rows[start : start + PORTION]))
    return len(rows)


def read(database: Database) -> pd.DataFrame:
    """Give the stored verdicts in the form of `consensus`.

    A feature is undecided where both answers are equally probable. The frame's
    `attrs` say the `method`, whether it is `calibrated`, and when it was
    `computed_at`; of several, the latest.
    """
    stored = _stored(database)
    verdicts = stored[["votes", *_PROBABILITIES]].copy()
    for key in KEYS:
        said = verdicts[f"p_{key}"]
        verdicts[key] = (said > 0.5).astype("boolean").mask(said == 0.5)  # noqa: PLR2004
    latest = stored.sort_values("computed_at").iloc[-1:]
    method = "".join(latest["method"])
    verdicts.attrs = {
        "method": method.removesuffix(CALIBRATED),
        "calibrated": method.endswith(CALIBRATED),
        "computed_at": "".join(str(each) for each in latest["computed_at"]),
    }
    return verdicts


def gold(database: Database) -> pd.DataFrame:
    """Give the known answers, indexed by `image_id`: a bool for each feature."""
    query = select(Gold.image_id, *[getattr(Gold, key) for key in KEYS])
    rows = database.read(lambda connection: connection.execute(query).all())
    types = dict.fromkeys(KEYS, "bool")
    found = pd.DataFrame([tuple(row) for row in rows], columns=["image_id", *KEYS])
    return found.astype({"image_id": "int64", **types}).set_index("image_id")


def places(database: Database) -> pd.DataFrame:
    """Give the place of each rated image in the pool: `state`, `reason` and `priority`."""
    query = select(Pool.image_id, Pool.state, Pool.reason, Pool.priority).where(Pool.votes > 0)
    rows = database.read(lambda connection: connection.execute(query).all())
    columns = ["image_id", "state", "reason", "priority"]
    found = pd.DataFrame([tuple(row) for row in rows], columns=columns)
    types = {"image_id": "int64", "state": "str", "reason": "str", "priority": "int64"}
    return found.astype(types).set_index("image_id")


def mark(database: Database) -> tuple[int, int]:
    """Give what differs from before wherever a rating or a known answer has come."""

    def work(connection: Connection) -> tuple[int, int]:
        newest = connection.scalar(select(func.max(RatingEvent.event_id))) or 0
        return newest, connection.scalar(select(func.count()).select_from(Gold)) or 0

    return database.read(work)


def _stored(database: Database) -> pd.DataFrame:
    """Read the table."""
    names = ["image_id", "votes", *_PROBABILITIES, "method", "computed_at"]
    columns = table(Consensus).c
    query = select(*[columns[name] for name in names]).order_by(columns.image_id)
    rows = database.read(lambda connection: connection.execute(query).all())
    found = pd.DataFrame([tuple(row) for row in rows], columns=names)
    types = {"image_id": "int64", "votes": "int64", **dict.fromkeys(_PROBABILITIES, "float64")}
    return found.astype(types).set_index("image_id")


def _put(database: Database, rows: list[dict[Any, Any]], connection: Connection) -> None:
    """Insert or replace some verdicts."""
    connection.execute(database.upsert(Consensus), rows)
