"""Forgetting a volunteer: the identity always, and what they said where that is asked for."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, bindparam, delete, func, select, update

from ..errors import VolunteerError
from ..tables import (
    Assignment,
    Consensus,
    GoldAnswer,
    Pool,
    Rating,
    RatingEvent,
    Report,
    State,
    Volunteer,
)
from . import checking
from .database import Database

_TOKEN = re.compile(r"[0-9a-f]{32}")
_ID = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done: of whom, and how many of their ratings were deleted and were kept."""

    volunteer_id: int
    deleted: int
    kept: int

    def summary(self) -> str:
        """Say it in one sentence."""
        what = f"{self.kept} anonymous ratings are kept"
        if self.deleted or not self.kept:
            what = f"{self.deleted} ratings are deleted"
        return f"Volunteer {self.volunteer_id} is forgotten; {what}."


def find(database: Database, name: str) -> int:
    """Give the id of the volunteer with this id, or with this token of a browser.

    Raises
    ------
    VolunteerError
        If there is none.
    """
    if _TOKEN.fullmatch(name):
        wanted = Volunteer.token_hash == hashlib.sha256(name.encode()).digest()
    elif _ID.fullmatch(name):
        wanted = Volunteer.volunteer_id == int(name)
    else:
        raise VolunteerError(
            f"{name!r} names no volunteer: give an id, which is a number, or the token from the "
            "volunteer's browser, which is 32 hexadecimal digits."
        )
    query = select(Volunteer.volunteer_id).where(wanted)
    found = database.read(lambda connection: connection.scalar(query))
    if found is None:
        raise VolunteerError(
            f"There is no volunteer {name}: look for the id in the column volunteer_id of the "
            "ratings; a token that was forgotten before is not known any more."
        )
    return found


def forget(
    database: Database, volunteer_id: int, *, ratings: bool, reopen: Collection[str]
) -> Forgotten:
    """Remove who a volunteer is; with `ratings`, also all that they said.

    The row stays, with an id that means nobody, because a page of theirs may be open.
    """
    deleted = _erase(database, volunteer_id, reopen) if ratings else 0
    database.write(partial(_anonymise, volunteer_id))
    if ratings:
        # What an open page sent in between; before that, the same call can be repeated by token.
        deleted += _erase(database, volunteer_id, reopen)
    mine = {"volunteer": volunteer_id}
    kept = database.read(lambda connection: connection.scalar(_KEPT, mine)) or 0
    return Forgotten(volunteer_id, deleted, kept)


def _anonymise(volunteer_id: int, connection: Connection) -> None:
    """Give the volunteer a hash that is no token's, and no name."""
    connection.execute(
        update(Volunteer)
        .where(Volunteer.volunteer_id == volunteer_id)
        .values(token_hash=secrets.token_bytes(32), nickname=None)
    )


def _erase(database: Database, volunteer_id: int, reopen: Collection[str]) -> int:
    """Delete all that a volunteer was handed and said; give how many ratings they were."""
    mine = {"volunteer": volunteer_id}
    images = database.read(lambda connection: connection.scalars(_IMAGES, mine).all())
    return sum(
        database.write(partial(_erase_image, volunteer_id, image_id, reopen)) for image_id in images
    )


def _erase_image(
    volunteer_id: int, image_id: int, reopen: Collection[str], connection: Connection
) -> int:
    """Delete what a volunteer said of one image, and count the image again."""
    image = {"image": image_id}
    mine = {"volunteer": volunteer_id, **image}
    # As for a rating, the pool's row is locked first, and all else is read under the lock.
    connection.execute(_LOCKED, image)
    assignments = list(connection.scalars(_ASSIGNMENTS, mine))
    deleted = connection.execute(
        delete(Rating).where(Rating.volunteer_id == volunteer_id, Rating.image_id == image_id)
    ).rowcount
    for model in (RatingEvent, GoldAnswer, Report, Assignment):
        connection.execute(delete(model).where(model.assignment_id.in_(assignments)))
    checking.recount(image_id, connection)
    if deleted and connection.scalar(_VOTES, image) == 0:
        connection.execute(delete(Consensus).where(Consensus.image_id == image_id))
        connection.execute(
            update(Pool)
            .where(
                Pool.image_id == image_id,
                Pool.state == State.RETIRED,
                Pool.reason.in_(list(reopen)),
            )
            .values(state=State.OPEN, reason=None)
        )
    return deleted


_KEPT = select(func.count()).where(Rating.volunteer_id == bindparam("volunteer"))
_IMAGES = (
    select(Assignment.image_id)
    .where(Assignment.volunteer_id == bindparam("volunteer"))
    .distinct()
    .order_by(Assignment.image_id)
)
_LOCKED = select(Pool.image_id).where(Pool.image_id == bindparam("image")).with_for_update()
_VOTES = select(Pool.votes).where(Pool.image_id == bindparam("image"))
_ASSIGNMENTS = select(Assignment.assignment_id).where(
    Assignment.volunteer_id == bindparam("volunteer"), Assignment.image_id == bindparam("image")
)
