"""Import: looks at the frames of each series and adds what is new to the store.

It reads files only; nothing on the disk is changed or deleted.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from tqdm import tqdm

from ..errors import PictureError
from ..labels import NewImage, Series
from ..pictures import Folder, Source, find_folder, inspect
from .gold_list import GoldReport, import_gold, read_gold
from .scanning import Refusal
from .sources import find_series

__all__ = [
    "Catalog",
    "GoldReport",
    "ImportReport",
    "Refusal",
    "import_folder",
    "import_gold",
    "read_gold",
]

BATCH = 500
"""Files that a thread looks at, and images that are inserted, at a time."""


class Catalog(Protocol):
    """What the import needs of the store."""

    def put_series(self, series: Series, *, update: bool) -> int:
        """Add or update a series; give its id."""

    def filenames(self, series_id: int) -> set[str]:
        """Give the file names that a series has already."""

    def add_images(self, series_id: int, images: Sequence[NewImage]) -> int:
        """Add the images that are new; give how many they were."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Parameters
    ----------
    series
        Series with at least one file.
    added
        Images that are new in the table.
    known
        Files that were in the table before.
    prefiltered
        How many of the added images volunteers do not see: too small a file, or one colour.
    refused
        Files that are not in the table, with the reason.
    """

    series: int
    added: int
    known: int
    prefiltered: int
    refused: tuple[Refusal, ...]

    def summary(self) -> str:
        """Say it in one sentence."""
        return (
            f"Added {self.added} images in {self.series} series, {self.prefiltered} of them "
            f"prefiltered; {self.known} were known, {len(self.refused)} files were refused."
        )


def import_folder(
    store: Catalog,
    root: str | Path | Folder,
    folder: str | Path | None = None,
    *,
    min_bytes: int = 1000,
    progress: bool = True,
) -> ImportReport:
    """Add the images of a folder; each sub-folder is a series.

    Parameters
    ----------
    store
        Where the images are added.
    root
        The pictures' folder, below which the browser's pictures are found: a path, or an
        address that fsspec knows.
    folder
        A folder below it; the root where none is given.
    min_bytes
        Smaller files become prefiltered images.
    progress
        Show a progress bar.

    Raises
    ------
    InputError
        If the folder is missing, empty, without sub-folders or outside of the
        root, or its `series.csv` is not as it must be.
    """
    found = find_series(find_folder(root), folder)
    counts = dict.fromkeys(("series", "added", "known", "prefiltered"), 0)
    refused = list(found.scan.refused)
    total = sum(map(len, found.scan.files.values()))
    pool = ThreadPoolExecutor(found.threads)
    try:
        with tqdm(total=total, unit=" files", disable=not progress) as bar:
            for name, files in found.scan.files.items():
                if not files:
                    continue
                series = found.listed.get(name, Series(name, name))
                place = (Path(found.above) / name).as_posix()
                series_id = store.put_series(
                    Series(place, series.title, series.is_anime), update=name in found.listed
                )
                known = store.filenames(series_id)
                new = [file for file in files if file not in known]
                counts["series"] += 1
                counts["known"] += len(files) - len(new)
                bar.update(len(files) - len(new))
                for looked_at in _inspected(pool, partial(found.source, name), new, min_bytes):
                    images = [each for each in looked_at if isinstance(each, NewImage)]
                    refused += [
                        Refusal(f"{name}/{each.path}", each.reason)
                        for each in looked_at
                        if isinstance(each, Refusal)
                    ]
                    counts["added"] += store.add_images(series_id, images)
                    counts["prefiltered"] += sum(each.prefiltered is not None for each in images)
                    bar.update(len(looked_at))
    finally:
        pool.shutdown(cancel_futures=True)
    return ImportReport(**counts, refused=tuple(refused))


def _inspected(
    pool: ThreadPoolExecutor,
    source: Callable[[str], Source],
    files: Sequence[str],
    min_bytes: int,
) -> Iterator[list[NewImage | Refusal]]:
    """Look at files batch by batch, a few batches ahead of whoever takes the results."""

    def look(batch: Sequence[str]) -> list[NewImage | Refusal]:
        return [_look(source, file, min_bytes) for file in batch]

    waiting: deque[Future[list[NewImage | Refusal]]] = deque()
    for start in range(0, len(files), BATCH):
        waiting.append(pool.submit(look, files[start : start + BATCH]))
        if len(waiting) > (os.cpu_count() or 1) + 1:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _look(source: Callable[[str], Source], file: str, min_bytes: int) -> NewImage | Refusal:
    """Look at one file."""
    try:
        seen = inspect(source(file))
    except PictureError as error:
        return Refusal(file, str(error))
    reason = None
    if seen.byte_size < min_bytes:
        reason = f"under {min_bytes} bytes"
    elif seen.one_colour:
        reason = "one colour"
    return NewImage(file, seen.width, seen.height, seen.byte_size, reason)
