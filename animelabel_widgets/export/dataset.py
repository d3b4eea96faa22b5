"""The data set: pictures by kind and split, their tables, and a card that says how it was made."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import parquet

from ..errors import InputError, PictureError
from ..labels import KEYS
from ..pictures import Folder, find_folder
from .card import write_card
from .placing import MODES, Placer
from .splitting import SPLITS, balance, check_shares, split_by_series
from .swapping import MARKER, building, read_marker, write_marker
from .tables import write_metadata, write_ratings

if TYPE_CHECKING:
    import pandas as pd

_FIRST = ("file_name", "image_id", "kind", "split", "folder", "filename", "title")
AT_ONCE_ELSEWHERE = 16
"""Pictures that are fetched at once where each waits for a network."""
_OURS = {
    *(MARKER, "README.md", "images.parquet", "metadata.csv"),
    *(f"{split}/metadata.csv" for split in SPLITS),
    *(f"ratings/{key}.csv" for key in KEYS),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a set is made, apart from which images: so that it can be made again.

    Parameters
    ----------
    mode
        One of `MODES`.
    split
        The share of each split, none where it is empty.
    balanced
        As many images of anime as of cartoons.
    seed
        Of what is drawn for the split and the balance.
    condition
        The query that chose the images, where it is known.
    """

    mode: str = "copy"
    split: Mapping[str, float] | None = None
    balanced: bool = False
    seed: int = 0
    condition: str | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown mode and shares that are no split."""
        if self.mode not in MODES:
            raise InputError(f"The mode is one of {', '.join(MODES)}, not {self.mode!r}.")
        if self.split is not None:
            check_shares(self.split)


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export did; `missing` lists images whose file could not be taken, and why.

    `reused` of the `exported` ones were there unchanged, and `left_out` for the balance.
    """

    destination: Path
    exported: int
    missing: tuple[tuple[int, str], ...]
    reused: int = 0
    left_out: int = 0

    def summary(self) -> str:
        """Say it in one sentence."""
        said = f"Exported {self.exported} images to {self.destination}"
        if self.reused:
            said += f", {self.reused} of them unchanged"
        if self.left_out:
            said += f"; {self.left_out} are left out for the balance"
        if not self.missing:
            return f"{said}." if self.exported else f"{said}: none was chosen."
        image_id, reason = self.missing[0]
        return (
            f"{said}; {len(self.missing)} could not be copied, image {image_id} for one: {reason}."
        )


def export(
    rows: pd.DataFrame,
    root: str | Path | Folder,
    destination: Path,
    recipe: Recipe | None = None,
    *,
    ratings: pd.DataFrame | None = None,
    with_ratings: bool = False,
    settled: pd.DataFrame | None = None,
    campaign: str = "",
) -> ExportReport:
    """Make a data set of images, or make it anew where this program wrote it.

    Parameters
    ----------
    rows
        The images, indexed by `image_id`: `folder`, `filename`, `title`, `is_anime`, and
        whatever else is worth a column of the tables. Its `attrs` are told in the card.
    root
        The pictures' folder: a path, or an address that fsspec knows.
    destination
        A folder that does not exist yet, is empty, or is a set that this program wrote. Any
        failure leaves it as it was.
    recipe
        How to make it.
    ratings
        As of `Project.ratings`: the card tells how many there are, and how far they agree.
    with_ratings
        Write them into the set.
    settled
        As of `Project.reviews`: the card counts the images that are as a reviewer decided.
    campaign
        Tells the database: unchanged pictures are taken from a set of the same one.

    Raises
    ------
    InputError
        If no image is chosen in place of a former set, the folder has other files in it,
        the split or the balance is not possible, or anything cannot be written.
    """
    recipe = recipe or Recipe()
    pictures = find_folder(root)
    with building(destination.resolve()) as new:
        former = _former(destination, recipe.mode, campaign)
        if rows.empty and read_marker(destination) is not None:
            raise InputError(
                f"No image was chosen, and the set in {destination} is kept: let the filter "
                "select some, or remove that folder."
            )
        described = _described(rows, recipe)
        left_out = len(rows) - len(described)
        placer = Placer(pictures, new, recipe.mode, former)
        at_once = 1 if pictures.local is not None else AT_ONCE_ELSEWHERE
        placed = (0, []) if recipe.mode == "manifest" else _place(described, placer, at_once)
        reused, missing = placed
        described = described.drop(index=[image_id for image_id, _ in missing])
        said = None if ratings is None else ratings[ratings["image_id"].isin(described.index)]
        try:
            nested = recipe.split is not None and recipe.mode != "manifest"
            write_metadata(described.reset_index()[_order(described)], new, nested=nested)
        except (pa.ArrowException, TypeError) as error:
            raise InputError(
                f"A column cannot be stored ({error}): pass columns of numbers, texts or times."
            ) from error
        if with_ratings and said is not None:
            write_ratings(said, new)
        write_card(
            new / "README.md",
            described,
            recipe,
            said,
            settled,
            {str(name): value for name, value in rows.attrs.items()},
        )
        write_marker(new, mode=recipe.mode, campaign=campaign)
    return ExportReport(destination, len(described), tuple(missing), reused, left_out)


def _described(rows: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """Give each image its kind, its split and its path in the set, and leave out for balance."""
    kinds = rows["is_anime"].map({True: "anime", False: "cartoon"}).fillna("unknown")
    described = rows.drop(columns=["is_anime", "state", "reason"], errors="ignore")
    described = described.assign(kind=kinds.astype("str"))
    if recipe.split is not None:
        described["split"] = split_by_series(described, recipe.split, recipe.seed)
    if recipe.balanced:
        described = balance(described, recipe.seed)
    path = described["folder"] + "/" + described["filename"]
    if recipe.mode != "manifest":
        path = described["kind"] + "/" + path
        if recipe.split is not None:
            path = described["split"] + "/" + path
    return described.assign(file_name=path)


def _order(described: pd.DataFrame) -> list[str]:
    """Put what tells an image before what is said of it."""
    names = ["image_id", *described.columns]
    first = [name for name in _FIRST if name in names]
    return [*first, *(name for name in names if name not in first)]


def _place(
    described: pd.DataFrame, placer: Placer, at_once: int
) -> tuple[int, list[tuple[int, str]]]:
    """Put all pictures into the set; count those reused, and say why others are missing."""

    def place(image_id: int, folder: str, filename: str, path: str) -> bool | str:
        try:
            return placer.place(image_id, folder, filename, path)
        except PictureError as error:
            return str(error)

    names = ("folder", "filename", "file_name")
    pool = ThreadPoolExecutor(at_once)
    try:
        placed = list(pool.map(place, described.index, *(described[name] for name in names)))
    finally:
        pool.shutdown(cancel_futures=True)
    missing = [
        (image_id, each)
        for image_id, each in zip(described.index, placed, strict=True)
        if isinstance(each, str)
    ]
    return sum(each is True for each in placed), missing


def _former(destination: Path, mode: str, campaign: str) -> dict[int, Path]:
    """Give the files of the former set that may serve again, by image id.

    Raises
    ------
    InputError
        If there is something that this program did not write.
    """
    if not destination.exists():
        return {}
    if not destination.is_dir():
        raise InputError(f"{destination} is a file: export into a new folder.")
    marker = read_marker(destination)
    if marker is None:
        if any(destination.iterdir()):
            raise InputError(
                f"{destination} is not empty, and not a set that was exported before: export into "
                "a new folder."
            )
        return {}
    try:
        table = parquet.read_table(
            destination / "images.parquet", columns=["image_id", "file_name"]
        )
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"{destination} was exported before, and its images.parquet cannot be read: "
            "export into a new folder."
        ) from error
    ids, names = table["image_id"].to_pylist(), table["file_name"].to_pylist()
    ours = set() if marker.get("mode") == "manifest" else set(names)
    strange = next((each for each in _files(destination) if not _is_ours(each, ours)), None)
    if strange is not None:
        raise InputError(
            f"{destination} has a file that was not exported, {strange}: move it away, or export "
            "into a new folder."
        )
    if not mode == marker.get("mode") == "copy" or marker.get("campaign") != campaign:
        return {}
    return {image_id: destination / name for image_id, name in zip(ids, names, strict=True)}


def _files(folder: Path) -> Iterator[str]:
    """Give all files below a folder, relative to it."""
    for place, _, names in os.walk(folder):
        for name in names:
            yield (Path(place) / name).relative_to(folder).as_posix()


def _is_ours(name: str, pictures: set[str]) -> bool:
    """Say whether a file belongs to a set."""
    return name in pictures or name in _OURS
