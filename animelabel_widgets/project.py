"""The project: what a data scientist holds in a notebook.

Longer than other modules for its docstrings: it is read with `help` in notebooks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .config import Settings
from .errors import InputError
from .labeler import Labeler
from .labels import KEYS
from .limits import Limits
from .pictures import Pictures, user_cache
from .session import Session
from .store import Store
from .tutorial import NAME, Tutorial, read_tutorial

if TYPE_CHECKING:
    from types import TracebackType

    import pandas as pd

    from .export import ExportReport
    from .gallery import Gallery
    from .ingest import GoldReport, ImportReport
    from .review import ReviewBoard
    from .store.forgetting import Forgotten
    from .store.reading import Stats

# pandas, and what needs it, is imported where it is used: a volunteer's page does without.


class Project:
    """A campaign: its database and its pictures.

    Use `open_project` to make one. It is safe to share between threads, and
    closes with `close` or at the end of a `with` block.

    Parameters
    ----------
    store
        The database.
    pictures
        The pictures.
    tutorial
        What teaches the volunteers.
    leaderboard
        True where volunteers may choose a nickname and see the week's leaderboard.
    limits
        What one volunteer or address may have; no limits by default.
    """

    def __init__(
        self,
        store: Store,
        pictures: Pictures,
        *,
        tutorial: Tutorial | None = None,
        leaderboard: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self.store = store
        self.pictures = pictures
        self._tutorial = tutorial
        self._leaderboard = leaderboard
        self._limits = limits or Limits()

    def __enter__(self) -> Self:
        """Begin a block that closes the project."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the project."""
        self.close()

    def close(self) -> None:
        """Give back the connections to the database."""
        self.store.close()

    def add_series(
        self, folder: str | Path | None = None, *, min_bytes: int = 1000, progress: bool = True
    ) -> ImportReport:
        """Add the series in a folder: each sub-folder is one.

        Repeating it adds only what is new; ratings are never touched, and no
        file is changed.

        Parameters
        ----------
        folder
            The pictures' folder, or one below it; by default the pictures' folder.
        min_bytes
            Smaller files are kept, but not shown to volunteers.
        progress
            Show a progress bar.

        Returns
        -------
        ImportReport
            What was added, and what was refused and why.

        Raises
        ------
        InputError
            If the folder is missing, has no sub-folders, or its `series.csv` is wrong.
        """
        from .ingest import import_folder

        root = self.pictures.folder
        return import_folder(self.store, root, folder, min_bytes=min_bytes, progress=progress)

    def labeler(self, *, app: bool = False, address: str = "") -> Labeler:
        """Make a labeler widget for one volunteer.

        Parameters
        ----------
        app
            Make it the whole page.
        address
            Any text that stands for the visitor's address, the same for all who share it. Where
            it is empty, only the limits of single volunteers hold.
        """
        session = Session(self.store, self.pictures, limits=self._limits, address=address)
        return Labeler(
            session,
            campaign=self.store.campaign,
            tutorial=self._tutorial,
            app=app,
            leaderboard=self._leaderboard,
        )

    def review(self, *, app: bool = False) -> ReviewBoard:
        """Make the reviewers' widget: filters, thumbnails, a panel that settles, a dashboard.

        Parameters
        ----------
        app
            Make it the whole page.
        """
        from .review import ReviewBoard

        return ReviewBoard(self.store, self.pictures, app=app)

    def add_gold(self, file: str | Path) -> GoldReport:
        """Add the right answers that are known, in place of former ones.

        Images with one are mixed in unannounced; what volunteers say to them counts for their
        skill, and for no image.

        Parameters
        ----------
        file
            A CSV file with the columns `folder`, `filename`, 0 or 1 for each feature, and, where
            wanted, `explanation`: what to tell a volunteer who was wrong.

        Returns
        -------
        GoldReport
            How many were stored, and which images are not of this project.

        Raises
        ------
        InputError
            If the file is not like that; nothing is stored then.
        """
        from .ingest import import_gold

        return import_gold(self.store, Path(file))

    def gold_answers(self) -> pd.DataFrame:
        """Give each volunteer's first answer to each image whose answer is known.

        Returns
        -------
        DataFrame
            `image_id`, `volunteer_id`, a bool for each feature as it was said and, with the
            prefix `right_`, as it is, `created_at` (UTC).
        """
        return self.store.gold_answers()

    def skills(self) -> pd.DataFrame:
        """Count how often each volunteer was right about images whose answer is known.

        Returns
        -------
        DataFrame
            One row by `volunteer_id` and `label`: of `there` images that have the feature it was
            `seen` in so many, and of `absent` ones it was `not_seen` in so many.
        """
        return self.store.skills()

    def ratings(self, *, progress: bool = True) -> pd.DataFrame:
        """Give the current answers, one row per volunteer and image.

        Parameters
        ----------
        progress
            Show a progress bar where it takes more than two seconds.

        Returns
        -------
        DataFrame
            `image_id`, `volunteer_id`, a bool for each feature, `created_at` (UTC), `elapsed_ms`,
            and `hasty`, true in implausibly fast series of equal answers (see `al.hasty`); in the
            order in which they first arrived; numbers are of 32 bits where they fit.
        """
        from .aggregation import hasty

        found = self.store.ratings(progress=progress)
        found["hasty"] = hasty(found)
        return found

    def votes(self, feature: str) -> pd.DataFrame:
        """Give the answers to one feature in the contract of `al.DawidSkene` and crowd-kit.

        Parameters
        ----------
        feature
            The key of a feature, such as "text".

        Returns
        -------
        DataFrame
            `task` (the image id), `worker` (the volunteer's), and `label` (bool).

        Raises
        ------
        InputError
            If there is no such feature.
        """
        if feature not in KEYS:
            raise InputError(f"There is no feature {feature!r}: use one of {', '.join(KEYS)}.")
        names = {"image_id": "task", "volunteer_id": "worker", feature: "label"}
        return self.store.ratings(progress=True)[list(names)].rename(columns=names)

    def verdicts(self) -> pd.DataFrame:
        """Give what the crowd says, as `animelabel consensus` or `serve` stored it last.

        Returns
        -------
        DataFrame
            As of `al.consensus`; its `attrs` also say when it was `computed_at`. Where nothing
            is stored yet, it is estimated now. Reviewers' decisions win.
        """
        return self._verdicts(lambda: self.store.ratings(progress=True))

    def gold(self) -> pd.DataFrame:
        """Give the known answers, for `al.consensus(ratings, gold)`.

        Returns
        -------
        DataFrame
            Indexed by `image_id`, a bool for each feature: what was imported, and the reviewers'
            standing decisions; of both, the newer one.
        """
        return self.store.gold()

    def reviews(self) -> pd.DataFrame:
        """Give the reviewers' standing decisions.

        Returns
        -------
        DataFrame
            Indexed by `image_id`: a bool for each feature, `reviewer`, `teaches` (whether
            volunteers get it as an image with a known answer), `explanation`, `created_at` (UTC).
        """
        return self.store.reviews()

    def forget(self, volunteer: int | str, *, ratings: bool = False) -> Forgotten:
        """Remove who a volunteer is, for whom it asks.

        Parameters
        ----------
        volunteer
            The id, or the token that their browser keeps.
        ratings
            Delete what they said, too; otherwise it stays, and nobody can tell whose it is.
            An image that has no rating left is handed out again if it had been retired by rule.

        Raises
        ------
        VolunteerError
            If there is no such volunteer.
        """
        from .retirement import REASONS

        return self.store.forget(str(volunteer), ratings=ratings, reopen=REASONS)

    def images(self) -> pd.DataFrame:
        """Give the images, one row each.

        Returns
        -------
        DataFrame
            `image_id`, `folder`, `filename`, `title`, `is_anime` (NA where unknown), `width` and
            `height` (pixels, as it is shown), `byte_size`, `state`, `reason`, `votes`.
        """
        return self.store.images()

    def stats(self) -> Stats:
        """Count the series, images, volunteers and ratings."""
        return self.store.stats()

    def gallery(
        self,
        frame: pd.DataFrame,
        *,
        caption: str | Sequence[str] | None = None,
        badges: Sequence[str] | None = None,
        sort: str | None = None,
        descending: bool = False,
        group: str | None = None,
        heading: str = "",
    ) -> Gallery:
        """Make a widget that shows images as a grid of thumbnails.

        Parameters
        ----------
        frame
            Any frame with an `image_id` column or index, such as rows of `verdicts`.
        caption
            The columns below each thumbnail; by default the number of votes, where there is one.
        badges
            The columns shown as small labels; by default the features that the frame has.
        sort, descending, group
            The columns to sort and to group by, if any.
        heading
            A line above.

        Raises
        ------
        InputError
            If the frame has no `image_id`, ids that this project does not know, or not these
            columns.
        """
        from .gallery import Gallery
        from .gallery.rows import image_ids

        unknown = self.store.unknown_images(image_ids(frame).tolist())
        if unknown:
            raise InputError(
                f"{len(unknown)} image ids are not of this project, {min(unknown)} for one: "
                "pass rows of this project's verdicts or images."
            )
        columns = frame.columns
        if caption is None:
            caption = [name for name in ("votes",) if name in columns]
        if badges is None:
            badges = [key for key in KEYS if key in columns]
        return Gallery(
            frame,
            self.pictures,
            places=self.store.image_places,
            caption=caption,
            badges=badges,
            sort=sort,
            descending=descending,
            group=group,
            heading=heading,
            details=self.store.image_details,
        )

    def export(
        self,
        verdicts: pd.DataFrame | str,
        destination: str | Path,
        *,
        mode: str = "copy",
        split: Mapping[str, float] | None = None,
        balance: bool = False,
        seed: int = 0,
        ratings: bool = False,
        condition: str | None = None,
    ) -> ExportReport:
        """Make a data set: pictures in `anime/` and `cartoon/`, tables, and a data card.

        `docs/export.md` tells what is in it. Exporting again to the same folder replaces the
        former set as a whole, and takes unchanged pictures from it.

        Parameters
        ----------
        verdicts
            Rows of `verdicts`, or any frame with `image_id` as its index or as a column; or a
            query that chooses rows of `verdicts`, such as "person & ~text".
        destination
            A folder that does not exist yet, is empty, or was written by this program.
        mode
            "copy", "hardlink", "symlink"; or "manifest", which has the tables and no picture.
            Links lead to pictures of this machine only.
        split
            The share of each split, such as `{"train": 0.8, "validation": 0.1, "test": 0.1}`:
            no series is in two.
        balance
            Draw as many images of anime as of cartoons, in each split.
        seed
            Of what is drawn.
        ratings
            Also write `ratings/<feature>.csv` as crowd-kit reads them: `task, worker, label`.
        condition
            The query that chose the rows that are passed, for the data card.

        Raises
        ------
        InputError
            If the query cannot be used, the folder has other files in it, an image id is unknown,
            no image is chosen in place of a former set, the split or the balance is not possible,
            or something cannot be written; what was there before is as it was.
        """
        from .export import Recipe, export

        said = self.store.ratings(progress=True)
        if isinstance(verdicts, str):
            condition = verdicts
            verdicts = _queried(self._verdicts(lambda: said), condition)
        recipe = Recipe(mode, split, balance, seed, condition)
        rows = self._with_images(_by_image(verdicts))
        rows.attrs = dict(verdicts.attrs)
        return export(
            rows,
            self.pictures.folder,
            Path(destination),
            recipe,
            ratings=said,
            with_ratings=ratings,
            settled=self.store.reviews(),
            campaign=self.store.campaign,
        )

    def export_ratings(self, file: str | Path, *, progress: bool = True) -> int:
        """Write the ratings to a Parquet file; give how many there are.

        It has the columns of `ratings` without `hasty`, which `al.hasty` computes from them.
        They are never all in memory: tools that read Parquet in portions can then aggregate
        more than fits.

        Parameters
        ----------
        file
            A file that does not exist yet, ending in `.parquet`. It appears when it is complete.
        progress
            Show a progress bar where it takes more than two seconds.

        Raises
        ------
        InputError
            If the file exists, cannot be made, or has another ending.
        """
        from .export import export_ratings

        return export_ratings(self.store, Path(file), progress=progress)

    def _verdicts(self, ratings: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Give the stored verdicts, or else those of these ratings; reviewers' decisions win."""
        from .aggregation import consensus

        stored = self.store.verdicts()
        if not len(stored):
            stored = consensus(ratings(), self.store.gold())
        return self.store.decided(stored)

    def _with_images(self, verdicts: pd.DataFrame) -> pd.DataFrame:
        """Join verdicts with what their images are, in the order of the verdicts."""
        images = self.images().set_index("image_id")
        unknown = verdicts.index.difference(images.index)
        if len(unknown):
            raise InputError(
                f"{len(unknown)} image ids are not of this project, {unknown[0]} for one: "
                "pass a frame indexed by image_id, such as al.consensus gives."
            )
        columns = images.columns.difference(verdicts.columns, sort=False)
        return images.loc[verdicts.index, columns].join(verdicts)


def open_project(
    database_url: str | None = None,
    *,
    pictures: str | Path | None = None,
    create: bool = True,
    **settings: Any,
) -> Project:
    """Open a project; arguments first, then `ANIMELABEL_*` variables, then defaults.

    Parameters
    ----------
    database_url
        An SQLAlchemy URL: `sqlite:///anime.db` or `mysql+pymysql://user:password@host/database`.
    pictures
        The folder that holds a sub-folder for each series: a path, or an address that fsspec
        knows, such as `s3://bucket/frames`.
    create
        Make the tables where there are none yet.
    **settings
        Any other field of `animelabel_widgets.Settings`.

    Raises
    ------
    ConfigError
        If a setting is wrong.
    StoreError
        If the database cannot be reached.
    SchemaError
        If the tables are of another version.
    """
    chosen = Settings.load(
        database_url=database_url, pictures=pictures and str(pictures), **settings
    )
    shown = Pictures(
        chosen.pictures,
        max_side=chosen.max_side,
        quality=chosen.quality,
        disk=user_cache(chosen.cache_mb * 2**20),
    )
    taught = find_tutorial(chosen.tutorial)
    store = Store.open(
        chosen.database_url,
        create=create,
        target=chosen.target,
        lease_minutes=chosen.lease_minutes,
        gold=chosen.gold_chances(),
    )
    return Project(
        store,
        shown,
        tutorial=taught,
        leaderboard=bool(chosen.leaderboard),
        limits=Limits(chosen.limits_read()),
    )


def find_tutorial(folder: str) -> Tutorial:
    """Read the tutorial in a folder, or the built-in one where none is named.

    Raises
    ------
    ConfigError
        If it cannot be used.
    """
    if not folder:
        from .demo import built_in_tutorial

        return built_in_tutorial()
    pictures = Pictures(Path(folder))
    return read_tutorial(Path(folder) / NAME, partial(pictures.jpeg, ""))


def _queried(verdicts: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Choose rows by a query; whatever pandas finds wrong with it is one sentence."""
    try:
        return verdicts.query(condition)
    except Exception as error:
        columns = ", ".join(map(str, verdicts))
        raise InputError(
            f"The filter {condition!r} cannot be used ({error}): use the columns {columns}."
        ) from error


def _by_image(frame: pd.DataFrame) -> pd.DataFrame:
    """Index a frame by its image ids."""
    if "image_id" in frame.columns:
        frame = frame.set_index("image_id")
    if frame.index.name != "image_id":
        raise InputError(
            "The frame has no image_id: pass one with a column or an index of that name, such as "
            "al.consensus gives."
        )
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()][0]
        raise InputError(f"The frame has image {twice} twice: pass one row for each image.")
    return frame
