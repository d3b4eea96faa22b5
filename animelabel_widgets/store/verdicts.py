"""The crowd's verdicts as they were last estimated, the known answers, and what has changed since.

Apart from the rest of the store, because the volunteers' processes do without pandas.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
from sqlalchemy import Connection, delete, func, or_, select

from ..labels import KEYS
from ..tables import Act, Consensus, Gold, Pool, RatingEvent, Review, State, table
from .database import Database
from .reviewing import BY_REVIEW

PORTION = 2000
"""Verdicts written in one transaction: others are waiting for their turn."""

LATE = 1000
"""Ids behind the newest among which another one may still come."""

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
    gone = former.index.difference(new.index).tolist()
    for start in range(0, len(gone), PORTION):
        database.write(partial(_forget, gone[start : start + PORTION]))
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
    estimated = stored[stored["method"] != BY_REVIEW]
    latest = estimated.sort_values("computed_at").iloc[-1:]
    method = "".join(latest["method"])
    verdicts.attrs = {
        "method": method.removesuffix(CALIBRATED),
        "calibrated": method.endswith(CALIBRATED),
        "computed_at": "".join(str(each) for each in latest["computed_at"]),
    }
    return verdicts


def gold(database: Database) -> pd.DataFrame:
    """Give the known answers, indexed by `image_id`: a bool for each feature.

    They are the rows of `gold` and the reviewers' standing decisions; of both, the newer one.
    """
    columns = [*[getattr(Gold, key) for key in KEYS], Gold.created_at]
    query = select(Gold.image_id, *columns)
    rows = database.read(lambda connection: connection.execute(query).all())
    names = ["image_id", *KEYS, "created_at"]
    found = pd.DataFrame([tuple(row) for row in rows], columns=names).set_index("image_id")
    settled = reviews(database)[[*KEYS, "created_at"]]
    together = pd.concat([found.astype(object), settled.astype(object)])
    newest = together.sort_values("created_at", kind="stable").groupby(level=0).tail(1)
    known = newest[list(KEYS)].astype("bool").sort_index()
    return known.set_axis(known.index.astype("int64")).rename_axis("image_id")


def reviews(database: Database) -> pd.DataFrame:
    """Give the reviewers' standing decisions, indexed by `image_id`.

    The columns are a bool for each feature, `reviewer`, `teaches`, `explanation`, `created_at`.
    """
    names = [*KEYS, "reviewer", "teaches", "explanation", "created_at"]
    query = (
        select(Review.image_id, *[getattr(Review, name) for name in names])
        .where(Review.withdrawn_at.is_(None))
        .order_by(Review.review_id)
    )
    rows = database.read(lambda connection: connection.execute(query).all())
    found = pd.DataFrame([tuple(row) for row in rows], columns=["image_id", *names])
    types = {"image_id": "int64", "reviewer": "str"} | dict.fromkeys([*KEYS, "teaches"], "bool")
    return found.astype(types).drop_duplicates("image_id", keep="last").set_index("image_id")


def decided(database: Database, crowd: pd.DataFrame) -> pd.DataFrame:
    """Give verdicts in which the reviewers' decisions win, those on images without votes too."""
    settled = reviews(database).index
    if settled.empty:
        return crowd
    known = gold(database).loc[settled, list(KEYS)]
    verdicts = crowd.reindex(crowd.index.union(settled)).rename_axis("image_id")
    verdicts["votes"] = verdicts["votes"].fillna(0).astype(crowd["votes"].dtype)
    for key in KEYS:
        verdicts.loc[settled, f"p_{key}"] = known[key].astype("float64")
        verdicts.loc[settled, key] = known[key].astype("boolean")
    verdicts.attrs = dict(crowd.attrs)
    return verdicts


def places(database: Database) -> pd.DataFrame:
    """Give the place in the pool of each image that is rated or retired.

    The columns are `state`, `reason`, `priority` and `votes`.
    """
    query = select(Pool.image_id, Pool.state, Pool.reason, Pool.priority, Pool.votes).where(
        or_(Pool.votes > 0, Pool.state == State.RETIRED)
    )
    rows = database.read(lambda connection: connection.execute(query).all())
    columns = ["image_id", "state", "reason", "priority", "votes"]
    found = pd.DataFrame([tuple(row) for row in rows], columns=columns)
    types = {"image_id": "int64", "state": "str", "reason": "str"}
    types |= {"priority": "int64", "votes": "int64"}
    return found.astype(types).set_index("image_id")


def mark(database: Database) -> tuple[int, ...]:
    """Give what differs from before wherever a rating, a known answer or an act has come.

    On MySQL an id is given before the commit, so that a lower one may come after a higher one:
    the latest are counted too.
    """

    def work(connection: Connection) -> tuple[int, ...]:
        found = [connection.scalar(select(func.count()).select_from(Gold)) or 0]
        for number in (RatingEvent.event_id, Act.act_id):
            newest = connection.scalar(select(func.max(number))) or 0
            late = select(func.count()).where(number > newest - LATE)
            found += [newest, connection.scalar(late) or 0]
        return tuple(found)

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


def _forget(images: list[int], connection: Connection) -> None:
    """Remove the verdicts on images that have no votes any more, as of volunteers now blocked."""
    voted = select(Pool.image_id).where(Pool.image_id == Consensus.image_id, Pool.votes > 0)
    connection.execute(delete(Consensus).where(Consensus.image_id.in_(images), ~voted.exists()))
