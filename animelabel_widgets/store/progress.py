"""What motivates: how far the campaign is, one's own count, the week's leaderboard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

from sqlalchemy import Connection, bindparam, func, select, update

from ..labels import Place, Progress
from ..tables import Pool, Rating, State, Volunteer
from .database import Database

Counted = TypeVar("Counted")

KEPT = 60.0
"""Seconds for which a count of the whole campaign is good enough."""
PLACES = 10


class Kept(Generic[Counted]):
    """Something that takes long to count, and is kept for a while.

    While one counts, the others take what was counted before: were they to wait, they would hold
    the threads that ratings need.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._counted: tuple[float, Counted] | None = None

    def get(self, count: Callable[[], Counted]) -> Counted:
        """Give what was counted, or count again."""
        counted = self._counted
        if counted is not None and monotonic() - counted[0] <= KEPT:
            return counted[1]
        if counted is None:
            self._lock.acquire()
        elif not self._lock.acquire(blocking=False):
            return counted[1]
        try:
            if self._counted is None or self._counted is counted:
                self._counted = (monotonic(), count())
            return self._counted[1]
        finally:
            self._lock.release()

    def drop(self) -> None:
        """Have it counted again."""
        with self._lock:
            self._counted = None


class ProgressBoard:
    """Counts the campaign now and then, for all volunteers of a process."""

    def __init__(self, database: Database, target: int) -> None:
        self._database = database
        self._target = target
        self._campaign: Kept[Progress] = Kept()
        self._week: Kept[list[tuple[int, str, int]]] = Kept()

    def progress(self) -> Progress:
        """Give how far the campaign is, a minute old or little more."""
        return self._campaign.get(lambda: self._database.read(self._count))

    def own(self, volunteer_id: int) -> int:
        """Count the ratings of a volunteer."""
        values = {"volunteer": volunteer_id}
        return self._database.read(lambda connection: connection.scalar(_OWN, values)) or 0

    def nickname(self, volunteer_id: int) -> str | None:
        """Give a volunteer's nickname."""
        values = {"volunteer": volunteer_id}
        return self._database.read(lambda connection: connection.scalar(_NICKNAME, values))

    def rename(self, volunteer_id: int, nickname: str | None) -> None:
        """Give a volunteer a nickname, or take it away."""
        mine = Volunteer.volunteer_id == volunteer_id
        statement = update(Volunteer).where(mine).values(nickname=nickname)
        self._database.write(lambda connection: connection.execute(statement))
        self.drop_week()

    def drop_week(self) -> None:
        """Let the leaderboard be counted again: a name on it has changed."""
        self._week.drop()

    def week(self, volunteer_id: int) -> list[Place]:
        """Give those with a nickname who rated most since Monday (UTC), a minute old or so."""
        places = self._week.get(
            lambda: self._database.read(partial(_week, _monday(self._database.now())))
        )
        return [Place(name, ratings, own=who == volunteer_id) for who, name, ratings in places]

    def _count(self, connection: Connection) -> Progress:
        """Count by state and votes: what is only handed out is not done."""
        done = images = 0
        for state, votes, count in connection.execute(_VOTES):
            done += count * (self._target if state == State.RETIRED else min(votes, self._target))
            images += count
        return Progress(done / (self._target * images) if images else 1.0, images)


def _monday(now: datetime) -> datetime:
    """Give the beginning of the week."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(now.weekday())


def _week(since: datetime, connection: Connection) -> list[tuple[int, str, int]]:
    """Count the week's ratings of those who have a nickname."""
    rows = connection.execute(_WEEK, {"since": since})
    return [(row.volunteer_id, row.nickname, row.ratings) for row in rows]


_VOTES = (
    select(Pool.state, Pool.votes, func.count())
    .where(Pool.state.in_([State.OPEN, State.RETIRED]))
    .group_by(Pool.state, Pool.votes)
)
_OWN = select(func.count()).where(Rating.volunteer_id == bindparam("volunteer"))
_NICKNAME = select(Volunteer.nickname).where(Volunteer.volunteer_id == bindparam("volunteer"))
_RATINGS = func.count().label("ratings")
_WEEK = (
    select(Volunteer.volunteer_id, Volunteer.nickname, _RATINGS)
    .join(Rating, Rating.volunteer_id == Volunteer.volunteer_id)
    .where(
        Volunteer.nickname.is_not(None),
        Volunteer.blocked_at.is_(None),
        Rating.created_at >= bindparam("since"),
    )
    .group_by(Volunteer.volunteer_id, Volunteer.nickname)
    .order_by(_RATINGS.desc(), Volunteer.volunteer_id)
    .limit(PLACES)
)
