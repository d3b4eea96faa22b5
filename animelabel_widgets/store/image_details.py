"""What is known of a single image: the votes on it, by whom, and how they came about."""

from __future__ import annotations

from sqlalchemy import Connection, Integer, and_, cast, func, select

from ..labels import KEYS, LABELS
from ..tables import Assignment, Gold, GoldAnswer, Pool, Rating, RatingEvent, Report
from .database import Database

Line = dict[str, object]


def read(database: Database, image_id: int) -> dict[str, list[Line]]:
    """Give the `votes` on an image, with each volunteer's skill, and its `history`.

    A volunteer's skill is the share of features answered rightly on images whose answer is
    known, None where there was none.
    """

    def work(connection: Connection) -> dict[str, list[Line]]:
        votes = _votes(connection, image_id)
        skills = _skills(connection, [vote["volunteer"] for vote in votes])
        for vote in votes:
            vote["skill"] = skills.get(vote["volunteer"])
        return {"votes": votes, "history": _history(connection, image_id)}

    return database.read(work)


def _votes(connection: Connection, image_id: int) -> list[Line]:
    """Give the current answers, the oldest first."""
    query = (
        select(Rating.volunteer_id, Rating.updated_at, *[getattr(Rating, key) for key in KEYS])
        .where(Rating.image_id == image_id)
        .order_by(Rating.rating_id)
    )
    return [
        {"volunteer": who, "when": when.isoformat(), **dict(zip(KEYS, said, strict=True))}
        for who, when, *said in connection.execute(query)
    ]


def _skills(connection: Connection, volunteers: list[object]) -> dict[object, float]:
    """Give the share of features that these volunteers answered rightly on known images."""
    right = sum(
        (cast(getattr(GoldAnswer, key) == getattr(Gold, key), Integer) for key in KEYS), start=0
    )
    query = (
        select(Assignment.volunteer_id, func.sum(right), func.count())
        .join(GoldAnswer, GoldAnswer.assignment_id == Assignment.assignment_id)
        .join(Gold, Gold.image_id == Assignment.image_id)
        # The first answer only: the page then tells what was missed.
        .where(Assignment.volunteer_id.in_(volunteers), GoldAnswer.revision == 0)
        .group_by(Assignment.volunteer_id)
    )
    return {
        who: float(sum_) / (count * len(KEYS)) for who, sum_, count in connection.execute(query)
    }


def _history(connection: Connection, image_id: int) -> list[Line]:
    """Give what happened to an image, the oldest first, and its state now."""
    mine = and_(
        Assignment.assignment_id == RatingEvent.assignment_id, Assignment.image_id == image_id
    )
    said = select(
        RatingEvent.created_at,
        Assignment.volunteer_id,
        *[getattr(RatingEvent, key) for key in KEYS],
    ).join(Assignment, mine)
    reported = select(Report.created_at, Report.volunteer_id, Report.reason).where(
        Report.image_id == image_id
    )
    lines: list[Line] = []
    for when, who, *answer in connection.execute(said):
        features = [label.name for label, there in zip(LABELS, answer, strict=True) if there]
        what = f"Volunteer {who} said {', '.join(features) or 'nothing of these'}"
        lines.append({"when": when.isoformat(), "what": what})
    for when, who, reason in connection.execute(reported):
        lines.append({"when": when.isoformat(), "what": f"Volunteer {who} reported: {reason}"})
    lines.sort(key=lambda line: str(line["when"]))
    state = select(Pool.state, Pool.reason).where(Pool.image_id == image_id)
    for now, why in connection.execute(state):
        lines.append({"when": None, "what": f"Now {now}" + (f": {why}" if why else "")})
    return lines
