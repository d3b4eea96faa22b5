"""The tables of a data set; a spreadsheet that opens a CSV runs nothing of what is in it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..labels import KEYS

_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def write_csv(frame: pd.DataFrame, file: Path) -> None:
    """Write a frame without its index; a text that would be a formula gets an apostrophe before.

    In the column `file_name`, which must lead to the file, it gets `./`.
    """
    guarded = frame.rename(columns=lambda name: _guarded(str(name), "'"))
    for name, values in zip(guarded.columns, (frame[each] for each in frame), strict=True):
        if values.dtype == object or pd.api.types.is_string_dtype(values.dtype):
            mark = "./" if name == "file_name" else "'"
            guarded[name] = values.map(lambda value, mark=mark: _guarded(value, mark))
    # Of both characters, so that a text with either of them is put between quotes.
    guarded.to_csv(file, index=False, lineterminator="\r\n")


def _guarded(value: object, mark: str) -> object:
    """Put the mark before a text that begins like a formula."""
    return mark + value if isinstance(value, str) and value.startswith(_STARTS) else value


def write_metadata(rows: pd.DataFrame, folder: Path, *, nested: bool) -> None:
    """Write `images.parquet`, and `metadata.csv`: one, or where `nested` one in each split.

    The Parquet file is not called metadata, because Hugging Face's imagefolder takes every file
    of that name for its own and refuses two formats of it (datasets 5.2).
    """
    rows.to_parquet(folder / "images.parquet", compression="zstd", index=False)
    if not nested:
        write_csv(rows, folder / "metadata.csv")
        return
    for split, part in rows.groupby("split", sort=False):
        names = part["file_name"].str.removeprefix(f"{split}/")
        write_csv(part.assign(file_name=names), folder / str(split) / "metadata.csv")


def write_ratings(ratings: pd.DataFrame, folder: Path) -> None:
    """Write `ratings/<feature>.csv` in crowd-kit's contract: `task`, `worker`, `label`."""
    (folder / "ratings").mkdir()
    for key in KEYS:
        names = {"image_id": "task", "volunteer_id": "worker", key: "label"}
        votes = ratings[list(names)].rename(columns=names)
        write_csv(votes, folder / "ratings" / f"{key}.csv")
