"""What the answers to known images say of the volunteers; apart, because it needs pandas."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import case, func, or_, select

from ..labels import KEYS
from ..tables import Assignment, Gold, GoldAnswer, Review
from .database import Database


def gold_answers(database: Database) -> pd.DataFrame:
    """Give each volunteer's first answer to each known image, beside the right one.

    The first one, because the page then tells what was missed.
    """
    order = func.row_number().over(
        partition_by=(Assignment.volunteer_id, Assignment.image_id),
        order_by=GoldAnswer.answer_id,
    )
    first = (
        select(
            Assignment.volunteer_id,
            Assignment.image_id,
            GoldAnswer.created_at,
            *[getattr(GoldAnswer, key) for key in KEYS],
            order.label("place"),
        )
        .join(Assignment, Assignment.assignment_id == GoldAnswer.assignment_id)
        .subquery()
    )
    newest = func.row_number().over(partition_by=Review.image_id, order_by=Review.review_id.desc())
    settled = (
        select(
            Review.image_id,
            Review.created_at,
            *[getattr(Review, key) for key in KEYS],
            newest.label("place"),
        )
        .where(Review.withdrawn_at.is_(None))
        .subquery()
    )
    # Of both, the newer one.
    is_newer = or_(Gold.image_id.is_(None), settled.c.created_at >= Gold.created_at)
    right = [
        case((is_newer, settled.c[key]), else_=getattr(Gold, key)).label(f"right_{key}")
        for key in KEYS
    ]
    query = (
        select(
            first.c.image_id,
            first.c.volunteer_id,
            *[first.c[key] for key in KEYS],
            *right,
            first.c.created_at,
        )
        .outerjoin(Gold, Gold.image_id == first.c.image_id)
        .outerjoin(settled, (settled.c.image_id == first.c.image_id) & (settled.c.place == 1))
        .where(first.c.place == 1, right[0].element.is_not(None))
        .order_by(first.c.created_at, first.c.volunteer_id, first.c.image_id)
    )
    rows = database.read(lambda connection: connection.execute(query).all())
    names = [column.name for column in query.selected_columns]
    types: dict[str, str] = dict.fromkeys([*KEYS, *(f"right_{key}" for key in KEYS)], "bool")
    types |= {"image_id": "int64", "volunteer_id": "int64", "created_at": "datetime64[ms, UTC]"}
    return pd.DataFrame.from_records([tuple(row) for row in rows], columns=names).astype(types)


def skills(database: Database) -> pd.DataFrame:
    """Count, by volunteer and feature, how often it was there and seen, or absent and not seen."""
    answers = gold_answers(database)
    parts = []
    for key in KEYS:
        there, said = answers[f"right_{key}"], answers[key]
        counted = pd.DataFrame(
            {
                "volunteer_id": answers["volunteer_id"],
                "label": pd.Series(key, index=answers.index, dtype="str"),
                "there": there.astype("int64"),
                "seen": (there & said).astype("int64"),
                "absent": (~there).astype("int64"),
                "not_seen": (~there & ~said).astype("int64"),
            }
        )
        parts.append(counted.groupby(["volunteer_id", "label"], as_index=False).sum())
    return pd.concat(parts, ignore_index=True).sort_values(
        ["volunteer_id", "label"], ignore_index=True
    )
