"""A volunteer's visit: pictures out, ratings in.

It knows neither SQL nor widgets. A session belongs to one page; the store and
the pictures behind it are shared by all.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from .errors import ConfigError, HelloError, PictureError
from .labels import Answer, Place, Progress, Receipt, Resumed, Task
from .limits import Limits

_log = logging.getLogger(__name__)


class TaskStore(Protocol):
    """What a session needs of the store."""

    def find_volunteer(self, token: str) -> int | None:
        """Give the id of the volunteer with this token, if there is one."""

    def volunteer(self, token: str) -> int:
        """Give the id of the volunteer with this token."""

    def hand_out(self, volunteer_id: int, count: int) -> list[Task]:
        """Lease up to `count` images to a volunteer."""

    def gold_due(self, volunteer_id: int, count: int) -> int:
        """Draw how many of the next images have a known answer."""

    def hand_out_gold(self, volunteer_id: int, count: int) -> list[Task]:
        """Hand out images with a known answer."""

    def release(self, volunteer_id: int, ids: Sequence[UUID]) -> int:
        """End a volunteer's own leases."""

    def resume(self, volunteer_id: int, ids: Sequence[UUID]) -> list[Resumed]:
        """Give a volunteer's own assignments again."""

    def rate(
        self, volunteer_id: int, assignment: UUID, answer: Answer, revision: int, elapsed_ms: int
    ) -> Receipt:
        """Store an answer to an assignment."""

    def report(self, volunteer_id: int, assignment: UUID, reason: str) -> None:
        """Store that a picture cannot be rated."""

    def progress(self) -> Progress:
        """Give how far the campaign is."""

    def own_ratings(self, volunteer_id: int) -> int:
        """Count the ratings of a volunteer."""

    def nickname(self, volunteer_id: int) -> str | None:
        """Give a volunteer's nickname."""

    def rename(self, volunteer_id: int, nickname: str | None) -> None:
        """Give a volunteer a nickname, or take it away."""

    def week(self, volunteer_id: int) -> list[Place]:
        """Give the week's leaderboard."""

    def mark_broken(self, image_id: int, reason: str) -> None:
        """Take an image that cannot be shown out of the pool."""


class PictureSource(Protocol):
    """What a session needs of the pictures."""

    def jpeg(self, folder: str, filename: str) -> bytes:
        """Give a picture as a JPEG file, scaled for the screen."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An image on its way to the page; `rated` tells what this volunteer said before."""

    rated: Resumed
    jpeg: bytes


class Session:
    """One page of one volunteer.

    Parameters
    ----------
    store
        Where hand-outs and ratings are kept.
    pictures
        Where the pictures come from.
    limits
        The limits that all visitors of this process share; none by default.
    address
        Stands for the visitor's address; empty where it is not known.

    Every method that sends pictures or stores an answer raises `SlowDownError` where the
    visitor is over a limit; nothing has happened then.
    """

    def __init__(
        self,
        store: TaskStore,
        pictures: PictureSource,
        *,
        limits: Limits | None = None,
        address: str = "",
    ) -> None:
        self._limits = limits or Limits()
        self._address = address
        self._store = store
        self._pictures = pictures
        self._volunteer_id: int | None = None

    def hello(self, token: str, resume: Sequence[UUID] = ()) -> list[Delivery]:
        """Begin: say who visits, and get those pictures again that the page still shows."""
        volunteer_id = self._store.find_volunteer(token)
        if volunteer_id is None:
            self._limits.newcomer(self._address)
            volunteer_id = self._store.volunteer(token)
        self._volunteer_id = volunteer_id
        return self.again(resume)

    def again(self, assignments: Sequence[UUID]) -> list[Delivery]:
        """Get pictures again that the page showed before; others are left out."""
        self._limits.pictures(self._known(), self._address, len(assignments))
        return self._pictured(self._store.resume(self._known(), assignments))

    def lesson(self) -> None:
        """Count a picture of the tutorial."""
        self._limits.pictures(self._known(), self._address, 1)

    def fetch(self, count: int) -> list[Delivery]:
        """Get `count` new images or a few more; fewer where no more are left for this volunteer.

        Some may be ones with a known answer, which nothing tells from the rest. An image whose
        picture cannot be shown is marked broken, and another one takes its place.
        """
        # One more than asked for may come; what does not come is given back.
        self._limits.pictures(self._known(), self._address, count + 1)
        deliveries: list[Delivery] = []
        handed: list[UUID] = []
        try:
            deliveries = self._mixed(count, handed)
        except ConfigError:
            # No picture can be read just now: others get these, before their leases end.
            self._store.release(self._known(), handed)
            raise
        finally:
            self._limits.pictures(self._known(), self._address, len(deliveries) - count - 1)
        return deliveries

    def rate(self, assignment: UUID, answer: Answer, revision: int, elapsed_ms: int) -> Receipt:
        """Store an answer; see `Store.rate`."""
        self._limits.rating(self._known(), self._address)
        return self._store.rate(self._known(), assignment, answer, revision, elapsed_ms)

    def report(self, assignment: UUID, reason: str) -> None:
        """Store that a picture cannot be rated; see `Store.report`."""
        self._limits.rating(self._known(), self._address)
        self._store.report(self._known(), assignment, reason)

    def progress(self) -> tuple[int, Progress]:
        """Give the volunteer's number of ratings, and how far the campaign is."""
        return self._store.own_ratings(self._known()), self._store.progress()

    def week(self) -> tuple[str | None, list[Place]]:
        """Give the volunteer's nickname, and the week's leaderboard."""
        return self._store.nickname(self._known()), self._store.week(self._known())

    def rename(self, nickname: str | None) -> None:
        """Give the volunteer a nickname, or take it away."""
        self._store.rename(self._known(), nickname)

    def _mixed(self, count: int, handed: list[UUID]) -> list[Delivery]:
        """Get new images, some with a known answer among them, and note what was handed out."""
        due = self._store.gold_due(self._known(), count)
        # One that needs rating at least: else the volunteer is through.
        deliveries = self._new(max(count - due, 1), handed)
        if due and deliveries:
            gold = self._store.hand_out_gold(self._known(), due)
            for delivery in self._pictured([Resumed(task) for task in gold]):
                place = random.randint(0, len(deliveries))  # noqa: S311 - an order, not a secret
                deliveries.insert(place, delivery)
            deliveries += self._new(count - len(deliveries), handed)
        return deliveries

    def _new(self, count: int, handed: list[UUID]) -> list[Delivery]:
        """Get up to `count` images to rate, with their pictures, and note what was handed out."""
        deliveries: list[Delivery] = []
        while len(deliveries) < count:
            tasks = self._store.hand_out(self._known(), count - len(deliveries))
            if not tasks:
                break
            handed += [task.assignment_id for task in tasks]
            deliveries += self._pictured([Resumed(task) for task in tasks])
        return deliveries

    def _known(self) -> int:
        """Give the volunteer's id."""
        if self._volunteer_id is None:
            raise HelloError("expected hello before anything else")
        return self._volunteer_id

    def _pictured(self, tasks: Sequence[Resumed]) -> list[Delivery]:
        """Add the pictures; leave out what cannot be shown, for everybody."""
        deliveries = []
        for each in tasks:
            task = each.task
            try:
                jpeg = self._pictures.jpeg(task.folder, task.filename)
            except PictureError as error:
                _log.warning(
                    "Image %d (%s/%s) is marked broken: %s",
                    task.image_id,
                    task.folder,
                    task.filename,
                    error,
                )
                self._store.mark_broken(task.image_id, str(error))
            else:
                deliveries.append(Delivery(each, jpeg))
        return deliveries
