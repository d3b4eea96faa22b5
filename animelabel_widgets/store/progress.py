"""What motivates: how far the campaign is, one's own count, the week's leaderboard."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from time import monotonic

from sqlalchemy import Connection, bindparam, func, select, update

from ..labels import Place, Progress
from ..tables import Pool, Rating, State, Volunteer
from .database import Database

KEPT = 60.0
"""Seconds for which a count of the whole campaign is good enough."""
PLACES = 10


class ProgressBoard:
    """Counts the campaign now and then, for all volunteers of a process."""

    def __init__(self, database: Database, target: int) -> None:
        self._database = database
        self._target = target
        self._lock = Lock()
        self._counted: tuple[float, Progress] | None = None
        self._week: tuple[float, list[tuple[int, str, int]]] | None = None

    def progress(self) -> Progress:
        """Give how far the campaign is, at most a minute old."""
        with self._lock:
            if self._counted is None or monotonic() - self._counted[0] > KEPT:
                self._counted = (monotonic(), self._database.read(self._count))
            return self._counted[1]

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
        with self._lock:
            self._week = None

    def week(self, volunteer_id: int) -> list[Place]:
        """Give those with a nickname who rated most since Monday (UTC), at most a minute old."""
        with self._lock:
            if self._week is None or monotonic() - self._week[0] > KEPT:
                since = _monday(self._database.now())
                self._week = (monotonic(), self._database.read(partial(_week, since)))
            places = self._week[1]
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
