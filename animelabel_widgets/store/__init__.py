"""The store: the one place that opens transactions; rows of the database never leave it.

Longer than other modules, because it is the list of all that the store can do,
a line each; how is in the modules beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from ..errors import InputError
from ..labels import (
    Act,
    Answer,
    Decision,
    Gold,
    ImagePlace,
    NewImage,
    Place,
    Progress,
    Receipt,
    Resumed,
    Series,
    Task,
)
from ..tables import Campaign
from . import (
    acts,
    blocking,
    catalog,
    checking,
    forgetting,
    gold,
    handout,
    image_details,
    pool,
    rating,
    reporting,
    reviewing,
    schema,
)
from .checking import Difference
from .database import CONNECTIONS, Database, utc_now
from .forgetting import Forgotten
from .gold import Draws
from .progress import ProgressBoard

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from .reading import Stats

__all__ = ["Difference", "Forgotten", "Store"]

_NUMBERS = range(2**31)


class Store:
    """A campaign's database; safe to share between threads and volunteers.

    Every method raises `StoreError` when the database cannot be reached.

    Parameters
    ----------
    database
        Where the tables are; `Store.open` checks them.
    target
        Ratings wanted per image.
    lease_minutes
        Minutes for which a handed-out image waits for its rating.
    gold
        The chance, 0 to 1, that an image with a known answer is mixed in, by the number of
        the volunteer's ratings from which it holds; none where it is empty.
    """

    def __init__(
        self,
        database: Database,
        *,
        target: int = 5,
        lease_minutes: int = 10,
        gold: Mapping[int, float] | None = None,
    ) -> None:
        self._database = database
        self._target = target
        self._lease = timedelta(minutes=lease_minutes)
        self._draws = Draws(database, gold or {})
        self._board = ProgressBoard(database, target)
        found = database.read(lambda connection: connection.scalar(select(Campaign.campaign_id)))
        self.campaign = "" if found is None else found.hex

    @classmethod
    def open(
        cls,
        url: str,
        *,
        create: bool = True,
        target: int = 5,
        lease_minutes: int = 10,
        gold: Mapping[int, float] | None = None,
        clock: Callable[[], datetime] = utc_now,
        connections: int = CONNECTIONS,
    ) -> Store:
        """Open a database whose tables are of this version.

        Parameters
        ----------
        url
            An SQLAlchemy URL: `sqlite:///file.db` or `mysql+pymysql://…`.
        create
            Make the tables where there are none.
        target, lease_minutes, gold
            As for `Store`.
        clock
            Gives the time, with its zone.
        connections
            How many there are to the database at most, for all threads together.

        Raises
        ------
        ConfigError
            If the URL cannot be used.
        StoreError
            If the database cannot be reached.
        SchemaError
            If the tables are missing (without `create`), older or newer.
        """
        database = Database(url, create=create, clock=clock, connections=connections)
        try:
            if create and schema.version(database) is None:
                schema.upgrade(database)
            schema.check(database)
            return cls(database, target=target, lease_minutes=lease_minutes, gold=gold)
        except BaseException:
            database.close()
            raise

    @staticmethod
    def initialise(url: str) -> str:
        """Create the tables or upgrade them, keeping every row; give their version."""
        database = Database(url)
        try:
            schema.upgrade(database)
            schema.check(database)
        finally:
            database.close()
        return schema.HEAD

    def close(self) -> None:
        """Give back every connection."""
        self._database.close()

    def put_series(self, series: Series, *, update: bool) -> int:
        """Add a series and give its id; `update` also changes the title and kind of a known one."""
        return catalog.put_series(self._database, series, update_row=update)

    def filenames(self, series_id: int) -> set[str]:
        """Give the file names that a series has already."""
        return catalog.filenames(self._database, series_id)

    def add_images(self, series_id: int, images: Sequence[NewImage]) -> int:
        """Add the images that are new, in one transaction; give how many they were."""
        return catalog.add_images(self._database, series_id, images)

    def image_places(self, images: Sequence[int]) -> dict[int, ImagePlace]:
        """Give where the files of some images are; those that are not there are left out."""
        return catalog.image_places(self._database, images)

    def unknown_images(self, images: Collection[int]) -> set[int]:
        """Give those ids that no image has."""
        return catalog.unknown_images(self._database, images)

    def image_details(self, image_id: int) -> dict[str, list[dict[str, object]]]:
        """Give the `votes` on an image, with each volunteer's skill, and its `history`."""
        return image_details.read(self._database, image_id)

    def mark_broken(self, image_id: int, reason: str) -> None:
        """Take an image that cannot be shown out of the pool; its ratings stay."""
        pool.mark_broken(self._database, image_id, reason)

    def prioritise(self, priorities: Mapping[int, int]) -> int:
        """Set which images are handed out first; give how many there were.

        Parameters
        ----------
        priorities
            Of each image id, a number from -100 to 100; the smaller, the earlier, and 0 unless
            told. It ranks before the number of ratings.

        Raises
        ------
        InputError
            If a priority is out of range; nothing is changed then.
        """
        return pool.prioritise(self._database, priorities)

    def retire(self, images: Collection[int], reason: str) -> int:
        """Hand these open images out no more; give how many they were.

        A rating of one that is on its way is still stored and counted.
        """
        return pool.retire(self._database, images, reason)

    def reopen(self, images: Collection[int]) -> int:
        """Hand these retired images out again; give how many they were."""
        return pool.reopen(self._database, images)

    def find_volunteer(self, token: str) -> int | None:
        """Give the id of the volunteer with this token, or None where there is none yet."""
        return rating.find_volunteer(self._database, token)

    def volunteer(self, token: str) -> int:
        """Give the id of the volunteer with this token; only its hash is stored."""
        return rating.volunteer(self._database, token)

    def hand_out(self, volunteer_id: int, count: int = 5) -> list[Task]:
        """Lease up to `count` images, the least rated first, none that this volunteer knows.

        Raises
        ------
        VolunteerError
            If there is no such volunteer.
        """
        return handout.hand_out(
            self._database, volunteer_id, count, target=self._target, lease=self._lease
        )

    def gold_due(self, volunteer_id: int, count: int) -> int:
        """Draw how many of the next `count` images have a known answer; see `gold`."""
        return self._draws.due(volunteer_id, count)

    def hand_out_gold(self, volunteer_id: int, count: int) -> list[Task]:
        """Hand out up to `count` images with a known answer, none that this volunteer knows.

        What is said to them counts for the volunteer's skill only: see `rate`.
        """
        return gold.hand_out(self._database, volunteer_id, count, self._lease)

    def put_gold(self, entries: Sequence[Gold]) -> list[Gold]:
        """Store right answers, in place of former ones; give those whose image is not there."""
        unknown = gold.put(self._database, entries)
        self._draws.look()
        return unknown

    def resume(self, volunteer_id: int, ids: Sequence[UUID]) -> list[Resumed]:
        """Give a volunteer's own assignments again, in the order asked; others are left out."""
        return handout.resume(self._database, volunteer_id, ids)

    def release(self, volunteer_id: int, ids: Sequence[UUID]) -> int:
        """End a volunteer's own live leases, so that others get the images; give how many.

        A rating that comes later is still taken, as of an expired lease.
        """
        return handout.release(self._database, volunteer_id, ids)

    def release_expired(self) -> int:
        """End a few leases whose time has passed; give how many, 0 when none is left.

        Every hand-out does so too; any number of processes may.
        """
        return handout.release_expired(self._database)

    def rate(
        self, volunteer_id: int, assignment: UUID, answer: Answer, revision: int, elapsed_ms: int
    ) -> Receipt:
        """Store an answer to an assignment; the same one again changes nothing.

        An answer to an image that `hand_out_gold` gave is no rating: it is kept apart, and the
        receipt has the right answer.

        Raises
        ------
        AssignmentError
            If the assignment is unknown or another volunteer's, or its image was deleted.
        InputError
            If the revision or the time is out of range.
        """
        for name, value in (("revision", revision), ("elapsed_ms", elapsed_ms)):
            if value not in _NUMBERS:
                raise InputError(f"{name} must be from 0 to {_NUMBERS[-1]}, not {value}.")
        return rating.rate(self._database, volunteer_id, assignment, answer, revision, elapsed_ms)

    def report(self, volunteer_id: int, assignment: UUID, reason: str) -> None:
        """Store that a picture cannot be rated, and end its lease; once more changes nothing.

        An image that two volunteers report leaves the pool, for the reviewers.

        Raises
        ------
        AssignmentError
            If the assignment is unknown or another volunteer's, or its image was deleted.
        """
        reporting.report(self._database, volunteer_id, assignment, reason)

    def settle(self, image_id: int, decision: Decision, reviewer: str, *, version: int) -> Act:
        """Store a reviewer's decision, which wins over the crowd; the image leaves the pool.

        Parameters
        ----------
        version
            The id of the latest act about the image that the reviewer has seen, 0 for none.

        Raises
        ------
        ConflictError
            If another act came in between; nothing is stored then.
        InputError
            If there is no such image, or the reviewer has no name.
        """
        return reviewing.settle(self._database, image_id, decision, reviewer, version)

    def withdraw(self, image_id: int, reviewer: str, *, version: int) -> Act:
        """End the standing decision about an image; otherwise as `settle`."""
        return reviewing.withdraw(self._database, image_id, reviewer, version)

    def take_out(self, image_id: int, reviewer: str, *, version: int) -> Act:
        """Hand an image out no more, as a reviewer; otherwise as `settle`."""
        return reviewing.take_out(self._database, image_id, reviewer, version)

    def bring_back(self, image_id: int, reviewer: str, *, version: int) -> Act:
        """Hand an image out again that was retired, reported or filtered; else as `settle`.

        It stays in the pool until it has as many ratings as an image may get.
        """
        return reviewing.bring_back(self._database, image_id, reviewer, version)

    def block(self, volunteer_id: int, reviewer: str) -> Act:
        """Let a volunteer's ratings count nowhere; they stay in the history.

        Raises
        ------
        InputError
            If there is no such volunteer, or they are blocked already.
        """
        return blocking.block(self._database, volunteer_id, reviewer)

    def unblock(self, volunteer_id: int, reviewer: str) -> Act:
        """Let a volunteer's ratings count again, those of meanwhile too; else as `block`."""
        return blocking.unblock(self._database, volunteer_id, reviewer)

    def blocked(self) -> dict[int, int]:
        """Give the blocked volunteers, with how many images each has rated."""
        return blocking.counted(self._database)

    def undo(self, act_id: int, reviewer: str) -> Act:
        """Take an act back; that is an act too, and can be taken back itself.

        Raises
        ------
        ConflictError
            If another act about the same came after it; nothing is changed then.
        InputError
            If there is no such act.
        """
        return reviewing.undo(self._database, act_id, reviewer)

    def undoable(self, reviewer: str) -> Act | None:
        """Give a reviewer's latest act that was not taken back."""
        return acts.undoable(self._database, reviewer)

    def board(self, images: list[int] | None = None) -> pd.DataFrame:
        """Give all images, or some, as the reviewers' filters need them."""
        from . import board

        if images is None:
            return board.everything(self._database)
        return board.some(self._database, images)

    def unsure(self, count: int) -> list[int]:
        """Give a few open images of which the crowd is not sure."""
        from . import board

        return board.unsure(self._database, count)

    def series(self) -> pd.DataFrame:
        """Give the series, indexed by `series_id`: `title` and `is_anime`."""
        from . import board

        return board.series(self._database)

    def image(self, image_id: int) -> dict[str, Any]:
        """Give what a reviewer sees of an image: its condition, votes, history and acts.

        A vote has the volunteer's skill, the share of features answered rightly on images whose
        answer is known, None where there was none.

        Raises
        ------
        InputError
            If there is no such image.
        """
        from . import board

        condition, done = self._database.read(
            lambda c: (reviewing.condition(c, image_id), acts.of_image(c, image_id))
        )
        details = self.image_details(image_id)
        skills = {vote["volunteer"]: vote["skill"] for vote in details["votes"]}
        votes = board.votes(self._database, image_id)
        return {
            "image_id": image_id,
            **condition,
            "votes": [vote | {"skill": skills.get(vote["volunteer"])} for vote in votes],
            "history": details["history"],
            "acts": done,
        }

    def acts(self, since: int = 0) -> list[Act]:
        """Give what reviewers did after the act of this id, the earliest first."""
        return acts.since(self._database, since)

    def ping(self) -> None:
        """Ask the database for something, so that it is told whether it answers."""
        self._database.ping()

    def progress(self) -> Progress:
        """Give how far the campaign is; counted once in a minute."""
        return self._board.progress()

    def own_ratings(self, volunteer_id: int) -> int:
        """Count the ratings of a volunteer."""
        return self._board.own(volunteer_id)

    def nickname(self, volunteer_id: int) -> str | None:
        """Give a volunteer's nickname, if they chose one."""
        return self._board.nickname(volunteer_id)

    def rename(self, volunteer_id: int, nickname: str | None) -> None:
        """Give a volunteer a nickname, or take it away."""
        self._board.rename(volunteer_id, nickname)

    def week(self, volunteer_id: int) -> list[Place]:
        """Give those with a nickname who rated most since Monday; counted once in a minute."""
        return self._board.week(volunteer_id)

    def forget(
        self, volunteer: str, *, ratings: bool = False, reopen: Collection[str] = ()
    ) -> Forgotten:
        """Remove who a volunteer is: their token is not known any more, their nickname is gone.

        Other processes show the nickname for a minute more. If a page of theirs is still open,
        what it sends from then on is an anonymous volunteer's.

        Parameters
        ----------
        volunteer
            The id, or the token that their browser keeps.
        ratings
            Delete also their ratings with the history, their answers to known images, reports
            and assignments. Otherwise these stay, and nobody can tell whose they are.
        reopen
            An image that has no rating left, and was retired for one of these reasons, is
            handed out again.

        Raises
        ------
        VolunteerError
            If there is no such volunteer.
        """
        volunteer_id = forgetting.find(self._database, volunteer)
        done = forgetting.forget(self._database, volunteer_id, ratings=ratings, reopen=reopen)
        self._board.drop_week()
        return done

    def check(self, *, repair: bool = False, progress: bool = False) -> list[Difference]:
        """Count everything again from the history; give the counters that differed.

        Parameters
        ----------
        repair
            Set those counters to what the history says.
        progress
            Show a progress bar where it takes long.
        """
        found = checking.differences(self._database, progress=progress)
        if repair:
            checking.repair(self._database, {each.image_id for each in found})
        return found

    def ratings(self, *, progress: bool = False) -> pd.DataFrame:
        """Give the current answers, one row per volunteer and image.

        Parameters
        ----------
        progress
            Show a progress bar where it takes more than two seconds.

        Returns
        -------
        DataFrame
            `image_id`, `volunteer_id`, a bool for each feature, `created_at` (UTC), `elapsed_ms`,
            in the order in which they first arrived; numbers are of 32 bits where they fit.
        """
        from . import reading

        return reading.ratings(self._database, progress=progress)

    def rating_tables(self, *, progress: bool = False) -> tuple[pa.Schema, Iterator[pa.Table]]:
        """Give the columns of `ratings`, and the rows portion by portion, as Arrow tables."""
        from . import streaming

        columns = streaming.schema(self._database)
        return columns, streaming.rating_tables(self._database, columns, progress=progress)

    def put_verdicts(self, verdicts: pd.DataFrame) -> int:
        """Store what `consensus` gave, where it differs from what is there; give how many did."""
        from .. import __version__
        from . import verdicts as stored

        return stored.put(self._database, verdicts, __version__)

    def verdicts(self) -> pd.DataFrame:
        """Give the verdicts that were stored last, in the form of `consensus`."""
        from . import verdicts

        return verdicts.read(self._database)

    def gold(self) -> pd.DataFrame:
        """Give the known answers, indexed by `image_id`: a bool for each feature."""
        from . import verdicts

        return verdicts.gold(self._database)

    def reviews(self) -> pd.DataFrame:
        """Give the standing decisions of reviewers, indexed by `image_id`."""
        from . import verdicts

        return verdicts.reviews(self._database)

    def decided(self, crowd: pd.DataFrame) -> pd.DataFrame:
        """Give verdicts of the crowd with the reviewers' decisions in place of it."""
        from . import verdicts

        return verdicts.decided(self._database, crowd)

    def places(self) -> pd.DataFrame:
        """Give `state`, `reason`, `priority` and `votes` of each image rated or retired."""
        from . import verdicts

        return verdicts.places(self._database)

    def mark(self) -> tuple[int, ...]:
        """Give what differs from before wherever a rating, a known answer or an act has come."""
        from . import verdicts

        return verdicts.mark(self._database)

    def alone(self, name: str) -> AbstractContextManager[bool]:
        """Tell whether no other process is in a block of this name, as long as it lasts."""
        return self._database.alone(name)

    def images(self) -> pd.DataFrame:
        """Give the images, one row each.

        Returns
        -------
        DataFrame
            `image_id`, `folder`, `filename`, `title`, `is_anime` (NA where unknown), `width` and
            `height` (pixels, as it is shown), `byte_size`, `state`, `reason`, `votes`.
        """
        from . import reading

        return reading.images(self._database)

    def gold_answers(self) -> pd.DataFrame:
        """Give each volunteer's first answer to each image whose answer is known.

        Returns
        -------
        DataFrame
            `image_id`, `volunteer_id`, a bool for each feature as it was said and, with the
            prefix `right_`, as it is, `created_at` (UTC).
        """
        from . import skills

        return skills.gold_answers(self._database)

    def skills(self) -> pd.DataFrame:
        """Count how often each volunteer was right about images whose answer is known.

        Returns
        -------
        DataFrame
            One row by `volunteer_id` and `label`: of `there` images that have the feature it was
            `seen` in so many, and of `absent` ones it was `not_seen` in so many.
        """
        from . import skills

        return skills.skills(self._database)

    def stats(self) -> Stats:
        """Count the series, images, volunteers and ratings."""
        from . import reading

        return reading.stats(self._database)
